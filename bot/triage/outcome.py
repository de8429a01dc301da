"""What triage can say: Answer, Clarify or Decline, each with the ranking that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.knowledge import Choice, ScopeReply

DeclineKind = Literal["near", "far", "about", "wordless"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A dimension or theme with its probability."""

    id: str
    probability: float


@dataclass(frozen=True, slots=True)
class RankedBarrier:
    """`reason` is the asker's own phrase that speaks for it, word for word; None where none was looked for."""

    id: str
    theme: str
    dimension: str
    probability: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """All dimensions, themes and barriers, best first; each of the three sums to one."""

    dimensions: tuple[Ranked, ...]
    themes: tuple[Ranked, ...]
    barriers: tuple[RankedBarrier, ...]


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question with two to four choices; "something else" is always possible besides. `id` as in the knowledge."""

    id: str
    ask: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`barriers` are those worth telling, best first, with reasons. `language` is set when it is not English."""

    ranking: Ranking
    barriers: tuple[RankedBarrier, ...]
    confidence: float
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Clarify:
    """`confidence` that one question is worth asking."""

    ranking: Ranking
    question: AskedQuestion
    confidence: float
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Decline:
    ranking: Ranking
    kind: DeclineKind
    reply: ScopeReply | None
    confidence: float
    language: str | None = None


Triage = Answer | Clarify | Decline
