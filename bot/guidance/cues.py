"""How a message is put, where that changes how the answer is put."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.triage import AskedQuestion

_VENTING = re.compile(
    r"(?ix) \b (?: sick\ of | fed\ up | so\ tired | i(?:'|’)m\ done | i\ give\ up | losing\ my\ mind | want\ to\ scream"
    r"| rant | drives?\ (?:me|us)\ (?:mad|crazy|insane) | nightmare | exhaust(?:ed|ing) | demoralis\w+ | demoraliz\w+"
    r"| frustrat\w+ | wtf | ffs | hate\ (?:this|it) | can(?:'|’)?t\ take | burn(?:t|ed|ing)?\ out | ugh+ | argh+ )"
    r"| (?: ! \s* ){2,} | :\( | 😤 | 😭 | 🤬 | 😡"
)
_NUMBER = re.compile(
    r"(?ix) \b (?: how\ (?:many|much|often|long)\ (?:of\ )? (?: percent | projects | models | companies | teams"
    r"| (?:do|does|should|is|are) \b [^?]{0,40} (?:usually|typically|normal|others|average|industry) )"
    r"| what\ (?:percent\w*|share|fraction) | benchmark | industry\ average | typical\ (?:rate|share|number|ratio)"
    r"| success\ rate | failure\ rate ) \b"
)


def sounds_like_venting(message: str) -> bool:
    return _VENTING.search(message) is not None


def acknowledgement(message: str) -> str | None:
    """Return a line of recognition for who is fed up, before anything else is said."""
    return "That sounds wearing." if sounds_like_venting(message) else None


def acknowledged(question: AskedQuestion, message: str) -> AskedQuestion:
    """Return the question, after a line of recognition where one is due."""
    line = acknowledgement(message)
    return replace(question, ask=f"{line} {question.ask}") if line else question


def asks_for_a_number(message: str) -> bool:
    """Asks what is usual elsewhere, not for a figure of one's own."""
    return _NUMBER.search(message) is not None
