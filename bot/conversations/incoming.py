"""What a channel tells the conversations, in no platform's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.store.rooms import Room
from bot.store.tables import ReplyMode

FOLLOW_UP_FOR = timedelta(hours=24)
"""How long an asker may go on in a thread without naming us again."""
EDIT_COUNTS_FOR = timedelta(minutes=5)
"""A question edited within this time is answered again, in place."""
BURST_WITHIN = timedelta(seconds=2)
"""Further messages by the same person, this close together, are one question."""

Kind = Literal["mention", "direct", "thread", "command"]


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message. `id` is the same however often and in whatever event it is told; `thread` is its root's id.

    `kind`: it names us, it is in a direct conversation with us, it is a reply in a thread that does not name us, or it
    was asked privately by a command. `to_another`: it opens with somebody else's name and has ours nowhere.
    `external_user`: its author is a guest or of another organisation, or the room is shared with one. `public`:
    everybody of the workspace may read the room; None where the platform did not say.
    """

    id: str
    room: Room
    kind: Kind
    author: str
    text: str
    said_at: datetime
    thread: str
    is_root: bool
    to_another: bool = False
    external_user: bool = True
    reply_url: str | None = None
    public: bool | None = None


@dataclass(frozen=True, slots=True)
class IncomingEdit:
    """`incoming` as it reads now; `edit` tells one edit of it from another, and a later one compares greater."""

    incoming: IncomingMessage
    edit: str


@dataclass(frozen=True, slots=True)
class ButtonAction:
    """A button. `turn` is what the button claims and is looked up; the rest the platform vouches for.

    `id` is the same for the same press; `message` is the platform's id of the message that holds the button.
    """

    id: str
    room: Room
    person: str
    turn: str
    message: str
    private: bool
    external_user: bool = True
    reply_url: str | None = None


_VOCATIVE = re.compile(r"\s*@?([A-Z][\w'’-]+)(?:\s+[A-Z][\w'’-]+)?\s*[,:–-]\s+(.*)", re.DOTALL)
_TO_YOU = re.compile(
    r"(?i)\b(?:you|your|yours|u|could|would|please|pls|thanks|thank)\b|^(?:can|will|do|what|when|where|how|who|why)\b.*\?"
)
_NO_NAMES = frozenset(
    "yes yeah yep no nope nah well ok okay so also and but actually then still right sure maybe perhaps honestly "  # noqa: SIM905
    "basically hi hello hey thanks sorry please oh ah hm hmm great good fine cool sadly today yesterday tomorrow "
    "now first second third finally worse besides however plus otherwise btw fyi update edit ps note question "
    "legal security infra finance compliance it".split()
)


def speaks_to_another(text: str) -> bool:
    """Tell whether it is addressed by name to a colleague: "Bob, you bring the numbers"."""
    opening = _VOCATIVE.match(text)
    if opening is None or opening[1].lower() in _NO_NAMES:
        return False
    return _TO_YOU.search(opening[2]) is not None


def is_for_us(incoming: IncomingMessage) -> bool | None:
    """Yes, no, or None: only the thread that it is in can tell."""
    if incoming.to_another or (incoming.kind == "thread" and speaks_to_another(incoming.text)):
        return False
    return None if incoming.kind == "thread" else True


def can_be_a_burst(incoming: IncomingMessage) -> bool:
    """Tell whether others may join it: a root mention is always its own question, and so is a command."""
    return incoming.kind != "command" and not (incoming.kind == "mention" and incoming.is_root)


def continues(last_at: datetime | None, reply_mode: ReplyMode, said_at: datetime) -> bool:
    """Tell whether a reply that does not name us is for us. `last_at`: when its author last asked or was answered."""
    return last_at is not None and reply_mode == "open" and said_at - last_at <= FOLLOW_UP_FOR
