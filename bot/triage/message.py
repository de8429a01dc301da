"""A message at the door of triage."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from bot.errors import MessageUnreadable
from bot.knowledge import Choice

MAX_CHARACTERS = 10_000
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, and what has come of it: the choices that were offered, the one that was taken.

    `asked` forbids a second question. `chosen` is one of `offered`, or None for "something else".
    `unsure`: the asker cannot say which of the choices, and is shown the likeliest barriers to choose from.
    `rejected` are ids of barriers that the asker was told and said "not this" to.
    """

    text: str
    asked: bool = False
    offered: tuple[Choice, ...] = ()
    chosen: Choice | None = None
    rejected: tuple[str, ...] = ()
    unsure: bool = False


def clean(text: str) -> str:
    """The text without control and formatting characters. Raises MessageUnreadable when it is empty or too long."""
    if len(text) > MAX_CHARACTERS:
        raise MessageUnreadable(
            f"The message has {len(text):,} characters and {MAX_CHARACTERS:,} are read. Send the part that hurts."
        )
    kept = "".join(c if c in "\n\u200d" or unicodedata.category(c) not in _INVISIBLE else " " for c in text)
    cleaned = _SPACES.sub(" ", unicodedata.normalize("NFC", kept)).strip(" \n\u200d")
    if not cleaned:
        raise MessageUnreadable("The message is empty. Say in a sentence or two what hurts.")
    return cleaned


def has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)
