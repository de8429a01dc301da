"""What a platform must be able to do for a turn to be delivered once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.conversations.message_view import MessageView
from bot.store.rooms import Room

PRIVATE = "private"
"""In the place of a message's id where the platform gives none that lasts."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a turn's message goes. `under` is the thread's root; `posted` the message to replace, once there is one."""

    room: Room
    person: str
    private: bool
    under: str | None
    posted: str | None
    reply_url: str | None


class Undeliverable(Exception):
    """The platform will not take it, now or later. `reason` is the platform's word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LookupImpossible(Exception):
    """The platform does not tell whether a message was posted."""


class NotDelivered(Exception):
    """It may or may not have been taken: look, then try again. `reason` holds no text of anybody."""


class Channel(Protocol):
    """Raises Undeliverable or NotDelivered from `post` and `replace`, LookupImpossible or NotDelivered from `find`.

    `is_guest` raises NotDelivered.
    """

    @property
    def name(self) -> str: ...

    async def post(self, address: Address, view: MessageView) -> str:
        """Post a new message; its id, or PRIVATE."""
        ...

    async def replace(self, address: Address, view: MessageView) -> None:
        """Put it in the place of `address.posted`."""
        ...

    async def find(self, address: Address, turn: str, since: datetime) -> str | None:
        """Return the id of the message that was posted for `turn` since then, None if there is none."""
        ...

    async def is_guest(self, room: Room, person: str) -> bool:
        """Tell whether this person of the room's workspace may see less than its members; True if nobody knows."""
        ...

    async def is_admin(self, room: Room, person: str) -> bool:
        """Tell whether this person administers the room's workspace; False if nobody knows. Raises NotDelivered."""
        ...

    async def open_direct(self, room: Room, person: str) -> Room:
        """Return the room where we are alone with a person of this workspace. Raises Undeliverable or NotDelivered."""
        ...

    async def deliver_privately(self, address: Address, view: MessageView, reason: str) -> None:
        """Deliver it to its asker alone, because `post` found it undeliverable for `reason`."""
        ...
