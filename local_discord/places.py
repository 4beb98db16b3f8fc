"""A guild as its owner runs it: channels, members, roles, permissions."""

from __future__ import annotations

from . import events
from .backend import Backend
from .people import Person
from .values import Channel, ChannelType, Guild, Member, Overwrite, Permission, Role, User


class Server:
    """One guild. Whatever changes here, the bot is told, if it is online."""

    def __init__(self, backend: Backend, guild: Guild) -> None:
        self._backend = backend
        self._world = backend.world
        self.guild = guild

    @property
    def id(self) -> int:
        """The guild's id."""
        return self.guild.id

    def channel(self, name: str, *, topic: str | None = None) -> Channel:
        """A new text channel."""
        return self._new_channel(name, ChannelType.TEXT, topic)

    def voice_channel(self, name: str, *, user_limit: int = 0) -> Channel:
        """A new voice channel; `user_limit` is how many it holds, 0 for no limit."""
        return self._new_channel(name, ChannelType.VOICE, None, user_limit=user_limit)

    def stage_channel(self, name: str) -> Channel:
        """A new stage: people speak there, the bot is of the audience until it is invited."""
        return self._new_channel(name, ChannelType.STAGE, None)

    def _new_channel(
        self, name: str, kind: ChannelType, topic: str | None, *, user_limit: int = 0
    ) -> Channel:
        channel = self._world.channel(self.guild, name, kind)
        channel.topic, channel.user_limit = topic, user_limit
        self._world.publish(events.channel("CHANNEL_CREATE", channel))
        return channel

    def removes(self, channel: Channel) -> None:
        """Delete a thread, or a channel and its threads with it."""
        if channel.thread is not None:
            del self._world.channels[channel.id]
            self._world.publish(events.thread("THREAD_DELETE", channel))
            return
        for thread in [one for one in self._world.threads(self.guild) if one.parent is channel]:
            del self._world.channels[thread.id]
            self._world.publish(events.thread("THREAD_DELETE", thread))
        del self._world.channels[channel.id], self.guild.channels[channel.id]
        self._world.publish(events.channel("CHANNEL_DELETE", channel))

    def member(
        self, who: str | Person, *, locale: str = "en-US", roles: tuple[Role, ...] = ()
    ) -> Person:
        """Somebody joins: a new account by name, or a person known elsewhere."""
        user = who.user if isinstance(who, Person) else self._world.user(who, locale=locale)
        return self._joins(user, [role.id for role in roles])

    def _joins(self, user: User, roles: list[int]) -> Person:
        member = Member(user, self._world.clock.wall(), roles=roles)
        self.guild.members[user.id] = member
        self._world.publish(events.member("GUILD_MEMBER_ADD", self.guild, member))
        return Person(self._backend, user, self.guild)

    def leaves(self, who: Person) -> None:
        """Somebody leaves."""
        if who.id in self.guild.voice_states:
            self._backend.voice.leaves(who.user)
        member = self.guild.members.pop(who.id)
        self._world.publish(events.member("GUILD_MEMBER_REMOVE", self.guild, member))

    def owner(self) -> Person:
        """Who may do everything."""
        return Person(self._backend, self.guild.owner, self.guild)

    def role(self, name: str, *permissions: Permission) -> Role:
        """A new role."""
        held = Permission(0)
        for permission in permissions:
            held |= permission
        role = Role(self._world.new_id(), name, held, position=len(self.guild.roles))
        self.guild.roles[role.id] = role
        self._world.publish(events.role("GUILD_ROLE_CREATE", self.guild, role))
        return role

    def managed_role(self) -> Role:
        """The role that Discord makes for a bot that is invited with permissions.

        It has the bot's name, so Discord's picker offers both.
        """
        bot = self._world.bot
        role = self.role(bot.name)
        role.managed_by = bot.id
        self.guild.member_of(bot.id).roles.append(role.id)
        self._world.publish(events.role("GUILD_ROLE_UPDATE", self.guild, role))
        return role

    def app(self, name: str) -> Person:
        """Another bot, which posts what it is told to."""
        return self._joins(self._world.user(name, bot=True), [])

    def give(self, who: Person, role: Role) -> None:
        """Give somebody a role."""
        member = self.guild.member_of(who.id)
        member.roles.append(role.id)
        self._world.publish(events.member("GUILD_MEMBER_UPDATE", self.guild, member))

    def take(self, who: Person, role: Role) -> None:
        """Take a role from somebody."""
        member = self.guild.member_of(who.id)
        member.roles.remove(role.id)
        self._world.publish(events.member("GUILD_MEMBER_UPDATE", self.guild, member))

    def allow(self, channel: Channel, who: Person | Role | User, *what: Permission) -> None:
        """Allow something in one channel, whatever the roles say."""
        overwrite = self._overwrite(channel, who)
        for permission in what:
            overwrite.allow |= permission
            overwrite.deny &= ~permission
        self._world.publish(events.channel("CHANNEL_UPDATE", channel))

    def deny(self, channel: Channel, who: Person | Role | User, *what: Permission) -> None:
        """Forbid something in one channel, whatever the roles say."""
        overwrite = self._overwrite(channel, who)
        for permission in what:
            overwrite.deny |= permission
            overwrite.allow &= ~permission
        self._world.publish(events.channel("CHANNEL_UPDATE", channel))

    def _overwrite(self, channel: Channel, who: Person | Role | User) -> Overwrite:
        fresh = Overwrite(who.id, not isinstance(who, Role))
        return channel.overwrites.setdefault(who.id, fresh)

    # --- voice ---------------------------------------------------------------------------------

    async def drags(self, who: Person | User, to: Channel) -> None:
        """Move somebody, or the bot, to another voice channel."""
        await self._backend.voice.drags(_user(who), to, self.guild)

    async def disconnects(self, who: Person | User) -> None:
        """Throw somebody, or the bot, out of voice."""
        await self._backend.voice.drags(_user(who), None, self.guild)

    def sets_voice(self, who: Person | User, **flags: bool) -> None:
        """Change how somebody takes part, for all to see.

        Args:
            who: Whom it concerns.
            flags: `mute` and `deaf` them; `suppress=False` calls a listener onto the stage.
        """
        self._backend.voice.states.set(_user(who), self.guild, **flags)

    def removes_bot(self) -> None:
        """Take the bot out of the guild."""
        self._backend.voice.bot_leaves(self.guild)
        del self.guild.members[self._world.bot.id]
        self._world.publish(events.guild_delete(self.guild))

    def adds_bot(self) -> None:
        """Invite the bot again."""
        bot = self._world.bot
        self.guild.members[bot.id] = Member(bot, self._world.clock.wall())
        self._world.publish(events.guild_create(self._world, self.guild))

    @property
    def everyone(self) -> Role:
        """The role that all have."""
        return self.guild.roles[self.guild.id]


def _user(who: Person | User) -> User:
    return who.user if isinstance(who, Person) else who
