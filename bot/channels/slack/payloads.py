"""What Slack sends, as far as we read it. Anything else in a payload is left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Ts = Annotated[str, Field(pattern=r"^\d{1,12}\.\d{1,9}$")]
"""A message's id in its channel, which is its time."""


class Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class EventMessage(Payload):
    """A `message` or `app_mention` event, or the message inside of a `message_changed` one."""

    type: str = "message"
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    text: str = ""
    ts: Ts | Literal[""] = ""
    thread_ts: Ts | None = None
    channel: str = ""
    channel_type: str | None = None
    user_team: str | None = None
    source_team: str | None = None
    edited: Edit | None = None
    message: EventMessage | None = None
    deleted_ts: Ts | None = None


class Edit(Payload):
    ts: Ts


class Authorization(Payload):
    team_id: str | None = None
    is_enterprise_install: bool = False


class Envelope(Payload):
    """Around every event."""

    team_id: str
    context_team_id: str | None = None
    api_app_id: str = ""
    is_ext_shared_channel: bool = False
    authorizations: tuple[Authorization, ...] = ()

    @property
    def workspaces(self) -> set[str | None]:
        """Where it happened, and whose installation it is for: in a shared channel these are two."""
        return {self.team_id, self.context_team_id, *(each.team_id for each in self.authorizations)}

    @property
    def of_enterprise(self) -> bool:
        return any(each.is_enterprise_install for each in self.authorizations)


class HomeOpened(Payload):
    user: str
    channel: str
    tab: str = ""


class ChangedUser(Payload):
    id: str
    deleted: bool = False


class UserChange(Payload):
    user: ChangedUser


class Named(Payload):
    id: str
    team_id: str | None = None


class Container(Payload):
    message_ts: str = ""
    channel_id: str = ""
    is_ephemeral: bool = False


class Selected(Payload):
    value: str


class Action(Payload):
    """A button has a `value`, a menu the one of what was selected."""

    action_id: str
    action_ts: str
    value: str = ""
    selected_option: Selected | None = None

    @property
    def carried(self) -> str:
        return self.selected_option.value if self.selected_option else self.value


class Entered(Payload):
    """What was ticked, or typed."""

    selected_options: tuple[Payload, ...] = ()
    value: str | None = None


class State(Payload):
    values: dict[str, dict[str, Entered]] = {}

    def is_ticked(self, action_id: str) -> bool:
        return any(bool(each[action_id].selected_options) for each in self.values.values() if action_id in each)

    def typed(self, action_id: str) -> str | None:
        return next((each[action_id].value for each in self.values.values() if action_id in each), None)


class BlockActions(Payload):
    """A `block_actions` payload."""

    user: Named
    team: Named
    container: Container
    actions: tuple[Action, ...] = Field(min_length=1)
    state: State = State()
    response_url: str | None = None
    trigger_id: str = ""


class SlashCommand(Payload):
    """A slash command, with what was typed after its name."""

    team_id: str
    channel_id: str
    user_id: str
    text: str = ""
    trigger_id: str
    response_url: str
    is_enterprise_install: str = "false"


def moment(ts: str) -> datetime:
    """Read a message's id, which is its time, in seconds with microseconds."""
    return datetime.fromtimestamp(float(ts), UTC)
