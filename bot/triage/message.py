"""A message as triage takes it."""

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
    `rejected` are ids of barriers that the asker was told and took back; `none_fits`: so were all that were listed.
    `picked` is the barrier that the asker picked instead of the likeliest, or from a list.
    """

    text: str
    asked: bool = False
    offered: tuple[Choice, ...] = ()
    chosen: Choice | None = None
    rejected: tuple[str, ...] = ()
    unsure: bool = False
    none_fits: bool = False
    picked: str | None = None

    @property
    def settled(self) -> bool:
        """Whether the asker chose the one barrier that it is about."""
        return self.picked is not None or (self.chosen is not None and len(self.chosen.barriers) == 1)


def clean(text: str) -> str:
    """Take control and formatting characters out. Raises MessageUnreadable when it is empty or too long."""
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
    """Tell whether there is more than a letter: one of a script without an alphabet may be a word."""
    return re.search(r"[^\W\d_]{2}|[^\W\d_\u0000-\u02af]", text) is not None
