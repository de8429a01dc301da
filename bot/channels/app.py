"""What the server needs of a channel, and what it gives to one, in no platform's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import BaseRoute

from bot.clock import Clock
from bot.conversations.backlog import Backlog
from bot.conversations.button_actions import ButtonActions
from bot.conversations.channel import Channel
from bot.conversations.commands import Commands
from bot.conversations.inbox import Inbox
from bot.conversations.index_admin import IndexAdmin
from bot.conversations.privacy import Privacy


@dataclass(frozen=True, slots=True)
class Conversations:
    """What a channel hands over to. `commands` makes those of a channel in which people type this name before them."""

    inbox: Inbox
    button_actions: ButtonActions
    commands: Callable[[str], Commands]
    index_admin: IndexAdmin
    privacy: Privacy
    backlog: Backlog
    clock: Clock
    refused: Callable[[str], None]
    """Counts a request that was turned away, by its status."""


class ChannelApp(Protocol):
    """One platform's half of the server: delivers from the first moment, receives once it was started."""

    @property
    def channel(self) -> Channel: ...

    @property
    def path(self) -> str:
        """Where the platform is to send what happens."""
        ...

    async def start(self, conversations: Conversations) -> None:
        """Begin to receive. Raises ChannelRefused when the platform refuses us; one that is down is waited for."""
        ...

    def routes(self) -> Sequence[BaseRoute]: ...

    async def close(self) -> None: ...
