"""What was said before, and what is said now -> the message to triage. The same for every channel."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.guidance.details import Facet, asks_about
from bot.triage import AskedQuestion, Look, Message

SOMETHING_ELSE = "Something else"
NONE_OF_THESE = frozenset(
    ("none of these", "none of them", "none of those", "none", "neither", "not this", "something else", "not that")
)
ASIDE_WORDS = 5
"""A remark of fewer words says little by itself: it is an aside only when that is quite sure ("ok", "thanks!")."""
ASIDE_SURE_AT, SHORT_ASIDE_SURE_AT = 0.8, 0.9
_CORRECTION = re.compile(
    r"^\W*(?:no\b|nope\b|nah\b|not (?:quite|really|that|this|exactly)\b|actually\b|rather\b|wrong\b|that'?s not\b"
    r"|it'?s (?:more|rather) (?:that|like|about)\b|it is (?:more|rather)\b|more like\b)",
    re.IGNORECASE,
)

_DUNNO = re.compile(
    r"(?:i\s+)?(?:dunno|don['’]?t\s+(?:really\s+)?know|do\s+not\s+know|idk|no\s+(?:idea|clue)|not\s+(?:really\s+)?sure"
    r"|(?:i['’]?m\s+|am\s+)?unsure|hard\s+to\s+(?:say|tell)|can['’]?t\s+(?:say|tell)|none|any|all(?:\s+of\s+(?:them|it|these))?|[?]+)"
    r"(?:\s+(?:really|sorry|tbh|honestly))?",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"\W*(?:please\s+)?(?:stop(?:\s+it)?|shut\s+up|be\s+quiet|go\s+away|leave\s+(?:me|us)\s+alone|enough|unsubscribe|quiet)"
    r"(?:\s+(?:now|please|it))?\W*",
    re.IGNORECASE,
)

LookAt = Callable[[str], Look]
"""Tells what a text would come to by itself. Raises MessageUnreadable."""


@dataclass(frozen=True, slots=True)
class Said:
    """What we said last: the question that is open, the barrier of the answer, and those that stood to choose from."""

    question: AskedQuestion | None = None
    barrier: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Continued:
    """`is_aside`: what was said now stands by itself ("thanks!") and leaves the conversation as it was.

    `about`: it asks for this part of what was told last.
    """

    message: Message
    is_aside: bool = False
    about: Facet | None = None


def continued(earlier: Message | None, text: str, said: Said, look: LookAt) -> Continued:
    """Return the message that `text` makes of the conversation so far.

    Raises MessageUnreadable.
    """
    if earlier is None:
        return Continued(Message(text))
    if said.question is not None:
        return Continued(typed(earlier, said.question, text))
    if said.options and (taken := _picked(earlier, said, text)):
        return Continued(taken)
    if said.barrier is not None and (about := asks_about(text)):
        return Continued(earlier, is_aside=True, about=about)
    both = replace(earlier, text=f"{earlier.text}\n{text}")
    if said.barrier is not None and _is_correction(text):  # what was chosen led to what is taken back now
        return Continued(replace(_unchosen(both), rejected=taken_back(both.rejected, said.barrier)))
    by_itself = look(text)
    if _is_aside(text, by_itself):
        return Continued(Message(text, asked=True), is_aside=True)
    if both.picked and by_itself.barrier not in (None, both.picked):  # another matter
        both = replace(both, picked=None)
    return Continued(both)


def _none_of(earlier: Message, said: Said) -> Message:
    """Neither what was told nor what stood beside it."""
    return replace(
        _unchosen(earlier), rejected=taken_back(earlier.rejected, said.barrier, *said.options), none_fits=True
    )


def _picked(earlier: Message, said: Said, text: str) -> Message | None:
    """Read a number, or that none fits; None for anything else."""
    answer = text.strip().rstrip(".!)").lower()
    if answer.isdecimal() and 1 <= int(answer) <= len(said.options):
        return replace(earlier, picked=said.options[int(answer) - 1], none_fits=False)
    last = said.barrier is None and answer.isdecimal() and int(answer) == len(said.options) + 1
    if last or answer in NONE_OF_THESE or (said.barrier is None and _DUNNO.fullmatch(answer)):
        return _none_of(earlier, said)
    return None


def _unchosen(message: Message) -> Message:
    return replace(message, offered=(), chosen=None, picked=None, unsure=False)


def taken_back(rejected: Sequence[str], *more: str | None) -> tuple[str, ...]:
    """Return what was taken back, and this, each once."""
    return tuple(dict.fromkeys((*rejected, *(id for id in more if id))))


def worth_reading(texts: Sequence[str], look: LookAt) -> Sequence[str]:
    """Keep of a burst what is not just "hey" or "quick question"; all of it if nothing else was said."""
    if len(texts) < 2:
        return texts
    return [text for text in texts if not _is_aside(text, look(text))] or texts


def typed(earlier: Message, question: AskedQuestion, line: str) -> Message:
    """Add the typed answer to a question: a choice by its number or label, nothing, or something else in words."""
    answer = line.strip().rstrip(".!").lower()
    labels = [choice.label.lower() for choice in question.choices]
    if answer.isdecimal() and 1 <= int(answer) <= len(labels):
        return chosen(earlier, question, int(answer) - 1)
    if answer in labels:
        return chosen(earlier, question, labels.index(answer))
    if _DUNNO.fullmatch(answer):
        return replace(earlier, asked=True, unsure=True)
    if answer.isdecimal() or not answer or answer == SOMETHING_ELSE.lower():
        return chosen(earlier, question, None)
    return replace(earlier, text=f"{earlier.text}\n{line}", asked=True, unsure=False)


def chosen(earlier: Message, question: AskedQuestion, choice: int | None) -> Message:
    """Add the answer to a question: the place of a choice, or None for "something else"."""
    taken = None if choice is None else question.choices[choice]
    return replace(earlier, asked=True, offered=question.choices, chosen=taken, unsure=False)


def wants_quiet(text: str) -> bool:
    return _STOP.fullmatch(text) is not None


def _is_correction(text: str) -> bool:
    """Tell whether it takes back what was told: "no, it's more that legal blocks us"."""
    return bool(_CORRECTION.match(text))


def _is_aside(text: str, look: Look) -> bool:
    if look.declined is None:
        return False
    if look.declined in ("about", "wordless"):
        return True
    return look.confidence >= (ASIDE_SURE_AT if len(text.split()) >= ASIDE_WORDS else SHORT_ASIDE_SURE_AT)
