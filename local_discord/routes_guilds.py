"""Routes of the bot itself, of guilds, members, roles, and of registered commands."""

from __future__ import annotations

from . import errors, events, permissions, wire
from .errors import ApiError
from .form import Form
from .rest import Request, Routes
from .rules import DEPRECATION
from .validate_commands import check_command, check_commands
from .values import ChannelType, Guild, Json, Member, Permission, Role

routes = Routes()
GUILD = "/guilds/{guild_id}"
MEMBER = f"{GUILD}/members/{{user_id}}"
COMMANDS = "/applications/{application_id}/commands"
GUILD_COMMANDS = "/applications/{application_id}/guilds/{guild_id}/commands"


@routes.add("GET", "/gateway", open_=True)
def gateway(request: Request) -> Json:
    return {"url": request.backend.gateway.url()}


@routes.add("GET", "/gateway/bot")
def gateway_bot(request: Request) -> Json:
    here = request.backend.gateway
    left = {
        "total": 1000,
        "remaining": 999,
        "reset_after": 86_400_000,
        "max_concurrency": here.max_concurrency,
    }
    return {"url": here.url(), "shards": here.shards, "session_start_limit": left}


@routes.add("GET", "/oauth2/applications/@me")
def application(request: Request) -> Json:
    return request.backend.application.json(len(request.world.guilds))


@routes.add("GET", "/applications/@me")
def own_application(request: Request) -> Json:
    return request.backend.application.json(len(request.world.guilds))


@routes.add("GET", "/users/@me/guilds")
def guilds(request: Request) -> list[Json]:
    bot = request.world.bot
    return [
        wire.guild(g) | {"owner": False, "permissions": str(int(permissions.in_guild(g, bot)))}
        for g in request.world.guilds.values()
        if bot.id in g.members
    ]


@routes.add("DELETE", "/users/@me/guilds/{guild_id}")
def leave_guild(request: Request) -> None:
    guild = request.guild()
    del guild.members[request.world.bot.id]
    request.world.publish(events.guild_delete(guild))


@routes.add("GET", GUILD)
def get_guild(request: Request) -> Json:
    guild = request.guild()
    counts = {"approximate_member_count": len(guild.members), "approximate_presence_count": 1}
    return wire.guild(guild) | counts


@routes.add("GET", f"{GUILD}/channels")
def channels(request: Request) -> list[Json]:
    return [wire.channel(c) for c in request.guild().channels.values()]


@routes.add("POST", f"{GUILD}/channels")
def create_channel(request: Request) -> Json:
    guild = request.guild(Permission.MANAGE_CHANNELS)
    form = Form()
    name = form.text(request.body, ("name",), least=1, most=100, required=True) or ""
    form.check()
    kind = ChannelType(int(request.body.get("type") or 0))
    channel = request.world.channel(guild, name, kind)
    channel.topic = request.body.get("topic")
    request.world.publish(events.channel("CHANNEL_CREATE", channel))
    return wire.channel(channel)


@routes.add("GET", f"{GUILD}/threads/active")
def active_threads(request: Request) -> Json:
    threads = [
        t for t in request.world.threads(request.guild()) if t.thread and not t.thread.archived
    ]
    return {"threads": [wire.channel(t) for t in threads], "members": []}


# --- members and roles -------------------------------------------------------------------------


def _member(request: Request, guild: Guild) -> Member:
    me = request.params["user_id"] == "@me"
    number = request.world.bot.id if me else request.number("user_id")
    member = guild.members.get(number)
    if member is None:
        raise errors.unknown("member" if number in request.world.users else "user")
    return member


def _role(request: Request, guild: Guild) -> Role:
    role = guild.roles.get(request.number("role_id"))
    if role is None:
        raise errors.unknown("role")
    return role


@routes.add("GET", f"{GUILD}/members")
def members(request: Request) -> list[Json]:
    limit, after = int(request.query.get("limit", "1")), int(request.query.get("after", "0"))
    there = sorted(request.guild().members.values(), key=lambda m: m.user.id)
    return [wire.member(m) for m in there if m.user.id > after][:limit]


@routes.add("GET", MEMBER)
def get_member(request: Request) -> Json:
    return wire.member(_member(request, request.guild()))


@routes.add("PATCH", MEMBER)
def edit_member(request: Request) -> Json:
    own = request.params["user_id"] == "@me"
    needed = Permission.CHANGE_NICKNAME if own else Permission.MANAGE_NICKNAMES
    guild = request.guild(needed)
    member = _member(request, guild)
    form = Form()
    member.nick = form.text(request.body, ("nick",), most=32) or None
    form.check()
    request.world.publish(events.member("GUILD_MEMBER_UPDATE", guild, member))
    return wire.member(member)


@routes.add("PUT", f"{MEMBER}/roles/{{role_id}}")
def give_role(request: Request) -> None:
    guild = request.guild(Permission.MANAGE_ROLES)
    member, role = _member(request, guild), _role(request, guild)
    if role.id not in member.roles:
        member.roles.append(role.id)
        request.world.publish(events.member("GUILD_MEMBER_UPDATE", guild, member))


@routes.add("DELETE", f"{MEMBER}/roles/{{role_id}}")
def take_role(request: Request) -> None:
    guild = request.guild(Permission.MANAGE_ROLES)
    member, role = _member(request, guild), _role(request, guild)
    if role.id in member.roles:
        member.roles.remove(role.id)
        request.world.publish(events.member("GUILD_MEMBER_UPDATE", guild, member))


@routes.add("GET", f"{GUILD}/roles")
def roles(request: Request) -> list[Json]:
    return [wire.role(r) for r in request.guild().roles.values()]


# --- application commands ----------------------------------------------------------------------


def _scope(request: Request) -> tuple[int, list[Json]]:
    """The guild (0 for global) and its commands, of the bot's own application."""
    application = request.backend.application
    if request.number("application_id") != application.id:
        raise ApiError(
            403, 20012, "You are not authorized to perform this action on this application"
        )
    guild_id = request.guild().id if "guild_id" in request.params else 0
    return guild_id, application.commands.setdefault(guild_id, [])


def _registered(request: Request, guild_id: int, command: Json) -> Json:
    """A command as Discord gives it back, with what it adds."""
    number = str(request.world.new_id())
    given = {key: value for key, value in command.items() if value is not None}
    if "default_member_permissions" in given:
        given["default_member_permissions"] = str(given["default_member_permissions"])
    whole: Json = {
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        **given,
        "id": number,
        "version": number,
        "application_id": str(request.backend.application.id),
    }
    return whole | ({"guild_id": str(guild_id)} if guild_id else {})


@routes.add("GET", COMMANDS)
def global_commands(request: Request) -> list[Json]:
    return _scope(request)[1]


@routes.add("GET", GUILD_COMMANDS)
def guild_commands(request: Request) -> list[Json]:
    return _scope(request)[1]


@routes.add("PUT", COMMANDS)
def overwrite_global_commands(request: Request) -> list[Json]:
    return _overwrite(request)


@routes.add("PUT", GUILD_COMMANDS)
def overwrite_guild_commands(request: Request) -> list[Json]:
    return _overwrite(request)


def _overwrite(request: Request) -> list[Json]:
    """Replace the whole set; a command that keeps its type and name keeps its id."""
    guild_id, before = _scope(request)
    form = Form()
    check_commands(form, request.array, in_guild=bool(guild_id))
    form.check()
    _note_deprecated(request, request.array)
    ids = {(c["type"], c["name"]): c["id"] for c in before}
    after = []
    for command in request.array:
        whole = _registered(request, guild_id, command)
        whole["id"] = ids.get((whole["type"], whole["name"]), whole["id"])
        after.append(whole)
    request.backend.application.commands[guild_id] = after
    return after


def _note_deprecated(request: Request, commands: list[Json]) -> None:
    """discord.py always sends `dm_permission`; True says nothing, and `contexts` overrules it."""
    for command in commands:
        where = f"{request.method} {request.route} {command.get('name')}"
        if "default_permission" in command:
            request.backend.log.deprecated(where, DEPRECATION["default_permission"])
        if command.get("dm_permission") is False and command.get("contexts") is None:
            request.backend.log.deprecated(where, DEPRECATION["dm_permission in place of contexts"])


@routes.add("POST", COMMANDS)
def add_global_command(request: Request) -> Json:
    return _add(request)


@routes.add("POST", GUILD_COMMANDS)
def add_guild_command(request: Request) -> Json:
    return _add(request)


def _add(request: Request) -> Json:
    guild_id, before = _scope(request)
    form = Form()
    check_command(form, request.body, in_guild=bool(guild_id))
    form.check()
    _note_deprecated(request, [request.body])
    whole = _registered(request, guild_id, request.body)
    same = [c for c in before if (c["type"], c["name"]) == (whole["type"], whole["name"])]
    for old in same:
        before.remove(old)
        whole["id"] = old["id"]
    before.append(whole)
    return whole


@routes.add("GET", f"{COMMANDS}/{{command_id}}")
def get_command(request: Request) -> Json:
    return _command(request)


@routes.add("DELETE", f"{COMMANDS}/{{command_id}}")
def delete_command(request: Request) -> None:
    _scope(request)[1].remove(_command(request))


@routes.add("PATCH", f"{COMMANDS}/{{command_id}}")
def edit_command(request: Request) -> Json:
    command = _command(request)
    form = Form()
    check_command(form, command | request.body)
    form.check()
    command.update(request.body)
    return command


def _command(request: Request) -> Json:
    for command in _scope(request)[1]:
        if command["id"] == request.params["command_id"]:
            return command
    raise errors.unknown("command")
