"""How the app is installed: who it is, what it may do, which events it asked for."""

from __future__ import annotations

from dataclasses import dataclass

from tests.standins.slack.workspace import BOT_USER, Payload

SCOPES = (
    "app_mentions:read assistant:write channels:history channels:read chat:write commands groups:history groups:read "
    "im:history im:read im:write reactions:read reactions:write users:read"
)


@dataclass
class Installation:
    team_id: str
    signing_secret: str
    token: str
    scopes: set[str]
    enterprise_id: str | None = None
    is_enterprise_install: bool = False
    events: set[str] | None = None
    """Names such as `app_mention`, `message.im`; None: all that the scopes allow."""
    revoked: str | None = None

    @property
    def enterprise(self) -> Payload | None:
        return {"id": self.enterprise_id, "name": "enterprise"} if self.enterprise_id else None

    def authorization(self) -> Payload:
        return {
            "enterprise_id": self.enterprise_id,
            "team_id": self.team_id,
            "user_id": BOT_USER,
            "is_bot": True,
            "is_enterprise_install": self.is_enterprise_install,
        }

    def hears(self, event: Payload) -> bool:
        kind = event["type"]
        prefix = {"channel": "channels", "group": "groups", "im": "im"}
        needed, name = "", kind
        if kind == "message":
            needed, name = f"{prefix[event['channel_type']]}:history", f"message.{prefix[event['channel_type']]}"
        elif kind == "app_mention":
            needed = "app_mentions:read"
        elif kind == "user_change":
            needed = "users:read"
        elif kind.startswith("reaction_"):
            needed = "reactions:read"
        return (not needed or needed in self.scopes) and (self.events is None or name in self.events)
