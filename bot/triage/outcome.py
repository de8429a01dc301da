"""What triage can say: Answer, ShortList, Clarify or Decline, each with the ranking that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.knowledge import Choice, ScopeReply

DeclineKind = Literal["near", "far", "about", "wordless"]
Sureness = Literal["quite sure", "fairly sure", "a first guess"]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A dimension or theme with its probability."""

    id: str
    probability: float


@dataclass(frozen=True, slots=True)
class RankedBarrier:
    """`reason` is the asker's own clause that speaks for it, word for word; None where there is none."""

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
    """One barrier, the likeliest or the one that the asker chose, and the likeliest `others`, best first.

    `sureness` is None where the asker chose. `language` is set when it is not English.
    """

    ranking: Ranking
    barrier: RankedBarrier
    others: tuple[RankedBarrier, ...]
    sureness: Sureness | None
    language: str | None = None

    @property
    def confidence(self) -> float:
        return self.barrier.probability

    @property
    def barriers(self) -> tuple[RankedBarrier, ...]:
        return (self.barrier, *self.others)


@dataclass(frozen=True, slots=True)
class ShortList:
    """No barrier leads clearly: the likeliest, best first, to choose from."""

    ranking: Ranking
    barriers: tuple[RankedBarrier, ...]
    language: str | None = None

    @property
    def confidence(self) -> float:
        return self.barriers[0].probability


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


Triage = Answer | ShortList | Clarify | Decline


@dataclass(frozen=True, slots=True)
class Look:
    """What a text would come to by itself, at a glance.

    `declined` is None where it is ours to answer; `confidence` is that of the decline, else of the likeliest barrier,
    and `barrier` is that one's id where it would be answered with it alone.
    """

    declined: DeclineKind | None
    confidence: float
    barrier: str | None
