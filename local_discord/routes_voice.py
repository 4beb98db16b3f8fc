"""Routes of voice states: reading them, and speaking on a stage."""

from __future__ import annotations

from . import errors, permissions
from .errors import ApiError
from .rest import Request, Routes
from .values import ChannelType, Guild, Json, Permission, User

routes = Routes()
OWN_STATE = "/guilds/{guild_id}/voice-states/@me"
STATE = "/guilds/{guild_id}/voice-states/{user_id}"


@routes.add("GET", OWN_STATE)
def get_own_state(request: Request) -> Json:
    return _state(request.guild(), request.world.bot)


@routes.add("GET", STATE)
def get_state(request: Request) -> Json:
    user = request.world.users.get(request.number("user_id"))
    if user is None:
        raise errors.unknown("user")
    return _state(request.guild(), user)


@routes.add("PATCH", OWN_STATE)
def edit_own_state(request: Request) -> None:
    """Speak on a stage, go back to the audience, or ask to speak."""
    guild, bot = request.guild(), request.world.bot
    state = _state(guild, bot)
    channel = guild.channels[int(state["channel_id"])]
    if channel.type is not ChannelType.STAGE:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    changes: Json = {}
    if "suppress" in request.body:
        changes["suppress"] = bool(request.body["suppress"])
        if not changes["suppress"]:
            _must(request, channel_id=channel.id, needed=Permission.MUTE_MEMBERS)
    if asked := request.body.get("request_to_speak_timestamp"):
        _must(request, channel_id=channel.id, needed=Permission.REQUEST_TO_SPEAK)
        changes["request_to_speak_timestamp"] = asked
    request.backend.voice.states.set(bot, guild, **changes)


def _state(guild: Guild, user: User) -> Json:
    state = guild.voice_states.get(user.id)
    if state is None:
        raise errors.unknown("voice state")
    return {**state, "guild_id": str(guild.id)}


def _must(request: Request, *, channel_id: int, needed: Permission) -> None:
    channel = request.world.find_channel(channel_id)
    if not permissions.may(channel, request.world.bot, needed):
        raise errors.missing_permissions()
