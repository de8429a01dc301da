"""One line of JSON an outcome: what `--batch` and `--json` write, and what `triage eval --answers` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from bot.bot import Reply
from bot.guidance import Guidance
from bot.guidance.declined import NO_WORDS
from bot.triage import Answer, Clarify, Decline, ShortList, Sureness, Triage

BARRIERS_LISTED = 10


class BatchMessage(BaseModel):
    """A line of the input."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: StrictStr | StrictInt
    text: StrictStr


class Scored(BaseModel):
    id: str
    score: float


class ScoredBarrier(Scored):
    theme: str
    dimension: str
    reason: str | None = None


class Question(BaseModel):
    id: str
    ask: str
    choices: list[str]


class BatchOutcome(BaseModel):
    """A line of the output; lists are best first, and `barriers` begins with what an answer is about.

    `sureness` is an answer's, None where the asker chose the barrier. `options` are the ids of a short list, or of what
    stands beside an answer to choose instead. `kind`, `reply` and `belongs` are a decline's.
    """

    model_config = ConfigDict(extra="ignore")

    id: str | int | None
    action: Literal["answer", "shortlist", "clarify", "decline"]
    sureness: Sureness | None = None
    kind: str | None
    reply: str | None = None
    belongs: str | None = None
    confidence: float
    dimensions: Annotated[list[Scored], Field(min_length=1)]
    themes: Annotated[list[Scored], Field(min_length=1)]
    barriers: list[ScoredBarrier]
    options: list[str] = []
    question: Question | None
    citations: list[dict[str, Any]]
    index_version: int | None


def batch_outcome(id: str | int | None, reply: Reply, index_version: int) -> BatchOutcome:
    outcome = reply.outcome
    named = outcome.barriers if isinstance(outcome, Answer | ShortList) else ()
    reasons = {barrier.id: barrier.reason for barrier in named}
    declined = outcome if isinstance(outcome, Decline) else None
    question = None
    if isinstance(outcome, Clarify):
        asked = outcome.question
        question = Question(id=asked.id, ask=asked.ask, choices=[choice.label for choice in asked.choices])
    return BatchOutcome(
        id=id,
        action=_action(outcome),
        sureness=outcome.sureness if isinstance(outcome, Answer) else None,
        kind=declined.kind if declined else None,
        reply=_reply_of(declined),
        belongs=declined.reply.belongs if declined and declined.reply else None,
        confidence=_rounded(outcome.confidence),
        dimensions=[Scored(id=d.id, score=_rounded(d.probability)) for d in outcome.ranking.dimensions],
        themes=[Scored(id=t.id, score=_rounded(t.probability)) for t in outcome.ranking.themes],
        barriers=[
            ScoredBarrier(
                id=b.id,
                score=_rounded(b.probability),
                theme=b.theme,
                dimension=b.dimension,
                reason=reasons.get(b.id),
            )
            for b in outcome.ranking.barriers[:BARRIERS_LISTED]
        ],
        options=[barrier.id for barrier in (named if isinstance(outcome, ShortList) else named[1:])],
        question=question,
        citations=_citations(reply.guidance),
        index_version=index_version,
    )


def guidance_document(guidance: Guidance) -> dict[str, Any]:
    """Return the guidance as plain data, for `--json`."""
    document = asdict(guidance)
    document["sources"] = [source.model_dump() for source in guidance.sources]
    return document


def explanation_document(reply: Reply) -> dict[str, Any]:
    """Write every stage with its scores, for `--json --explain`; records best first."""
    explanation = reply.explanation
    return {
        "language": explanation.language or "en",
        "scope": _all_rounded(explanation.scope),
        "first_barrier_by_clause": _all_rounded(explanation.clauses),
        "question_similarity": _all_rounded(explanation.question_similarity),
        "reply_similarity": _all_rounded(explanation.reply_similarity),
        "records": [
            {"id": hit.id, "barrier": hit.barrier, "origin": hit.origin, "score": _rounded(hit.score)}
            for hit in explanation.hits
        ],
    }


def _all_rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {id: _rounded(score) for id, score in sorted(scores.items(), key=lambda item: -item[1])}


def _action(outcome: Triage) -> Literal["answer", "shortlist", "clarify", "decline"]:
    match outcome:
        case Answer():
            return "answer"
        case ShortList():
            return "shortlist"
        case Clarify():
            return "clarify"
        case Decline():
            return "decline"


def _reply_of(decline: Decline | None) -> str | None:
    if decline is None:
        return None
    return decline.reply.reply if decline.reply else NO_WORDS


def _citations(guidance: Guidance | None) -> list[dict[str, Any]]:
    return [asdict(citation) for citation in guidance.citations] if guidance else []


def _rounded(score: float) -> float:
    return round(score, 4)
