"""The bot's entry in Discord's developer portal, and its registered commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import wire
from .values import PRIVILEGED, Intent, Json, User

FLAG_MEMBERS_LIMITED = 1 << 15
FLAG_MESSAGE_CONTENT_LIMITED = 1 << 19
FLAG_PRESENCE_LIMITED = 1 << 13


@dataclass(slots=True, eq=False)
class Application:
    """What the developer set up; the application has the id of its bot user."""

    bot: User
    owner: User
    token: str = "MTAwMDAwMDAwMDAwMDAwMDAw.simulated.token"  # noqa: S105 - opens nothing but this
    privileged_intents: Intent = PRIVILEGED
    """The privileged intents switched on in the portal."""
    commands: dict[int, list[Json]] = field(default_factory=dict)
    """By guild id; the global ones under 0."""
    installed_by: set[int] = field(default_factory=set)
    """The people who have installed it to their account."""

    @property
    def id(self) -> int:
        """The application's id."""
        return self.bot.id

    @property
    def flags(self) -> int:
        """Application flags: which privileged intents are allowed."""
        flags = 0
        if Intent.GUILD_MEMBERS in self.privileged_intents:
            flags |= FLAG_MEMBERS_LIMITED
        if Intent.MESSAGE_CONTENT in self.privileged_intents:
            flags |= FLAG_MESSAGE_CONTENT_LIMITED
        if Intent.GUILD_PRESENCES in self.privileged_intents:
            flags |= FLAG_PRESENCE_LIMITED
        return flags

    def json(self, guild_count: int) -> Json:
        """The application object."""
        return {
            "id": str(self.id),
            "name": self.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "owner": wire.user(self.owner),
            "team": None,
            "flags": self.flags,
            "approximate_guild_count": guild_count,
            "interactions_endpoint_url": None,
            "type": None,
            "flags_new": "0",
            "redirect_uris": [],
            "explicit_content_filter": 0,
            "eligible_oauth2_scopes": [],
            "role_connections_verification_url": None,
            "approximate_user_install_count": len(self.installed_by),
            "approximate_user_authorization_count": 0,
        }
