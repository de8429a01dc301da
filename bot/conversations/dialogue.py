"""What was said before, and what is said now -> the message to triage. The same for every channel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.triage import AskedQuestion, Decline, Message, Triage

SOMETHING_ELSE = "Something else"
ASIDE_WORDS = 5
"""A remark of fewer words says little by itself: it is an aside only when that is quite sure ("ok", "thanks!")."""
ASIDE_SURE_AT, SHORT_ASIDE_SURE_AT = 0.8, 0.9
_CORRECTION = re.compile(
    r"^\W*(?:no\b|nope\b|nah\b|not (?:quite|really|that|this|exactly)\b|actually\b|rather\b|wrong\b|that'?s not\b"
    r"|it'?s (?:more|rather) (?:that|like|about)\b|it is (?:more|rather)\b|more like\b)",
    re.IGNORECASE,
)

Judge = Callable[[Message], Triage]


@dataclass(frozen=True, slots=True)
class Continued:
    """`alone`: what was said now stands by itself ("thanks!") and leaves the conversation as it was."""

    message: Message
    alone: bool = False


def continued(
    earlier: Message | None, text: str, pending: AskedQuestion | None, told: str | None, judge: Judge
) -> Continued:
    """The message that `text` makes of the conversation so far.

    `pending` is the question that was asked last and not answered yet, `told` the barrier that was told last;
    `judge` tells what `text` would be by itself. Raises MessageUnreadable as `judge` does.
    """
    if earlier is None:
        return Continued(Message(text))
    if pending is not None and (chosen := _typed_choice(earlier, pending, text)):
        return Continued(chosen)
    if pending is None and _is_aside(text, judge(Message(text))):
        return Continued(Message(text, asked=True), alone=True)
    both = replace(earlier, text=f"{earlier.text}\n{text}", asked=earlier.asked or pending is not None)
    if told is not None and told not in both.rejected and is_correction(text):
        both = replace(both, rejected=(*both.rejected, told))
    return Continued(both)


def chosen(earlier: Message, question: AskedQuestion, choice: int | None) -> Message:
    """With the answer to a question: the place of a choice, or None for "something else"."""
    taken = None if choice is None else question.choices[choice]
    return replace(earlier, asked=True, offered=question.choices, chosen=taken)


def is_correction(text: str) -> bool:
    """Whether it takes back what was told: "no, it's more that legal blocks us"."""
    return bool(_CORRECTION.match(text))


def _typed_choice(earlier: Message, pending: AskedQuestion, text: str) -> Message | None:
    line = text.strip().rstrip(".!").lower()
    labels = [choice.label.lower() for choice in pending.choices]
    if line.isdecimal() and 1 <= int(line) <= len(labels):
        return chosen(earlier, pending, int(line) - 1)
    if line in labels:
        return chosen(earlier, pending, labels.index(line))
    if line.isdecimal() or not line or line == SOMETHING_ELSE.lower():
        return chosen(earlier, pending, None)
    return None


def _is_aside(text: str, outcome: Triage) -> bool:
    if not isinstance(outcome, Decline):
        return False
    if outcome.kind in ("about", "wordless"):
        return True
    return outcome.confidence >= (ASIDE_SURE_AT if len(text.split()) >= ASIDE_WORDS else SHORT_ASIDE_SURE_AT)
