"""One line of JSON an outcome: what `--batch` and `--json` write, and what `triage eval --answers` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from bot.app import Reply
from bot.guidance import Guidance
from bot.triage import Answer, Clarify, Decline

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
    """A line of the output; lists are best first. `kind` tells a decline's sort, None otherwise."""

    model_config = ConfigDict(extra="ignore")

    id: str | int | None
    action: Literal["answer", "clarify", "decline"]
    kind: str | None
    confidence: float
    dimensions: Annotated[list[Scored], Field(min_length=1)]
    themes: Annotated[list[Scored], Field(min_length=1)]
    barriers: list[ScoredBarrier]
    question: Question | None
    citations: list[dict[str, Any]]
    index_version: int | None


def batch_outcome(id: str | int | None, reply: Reply, index_version: int) -> BatchOutcome:
    outcome = reply.outcome
    reasons = {b.id: b.reason for b in outcome.barriers} if isinstance(outcome, Answer) else {}
    question = None
    if isinstance(outcome, Clarify):
        asked = outcome.question
        question = Question(id=asked.id, ask=asked.ask, choices=[choice.label for choice in asked.choices])
    return BatchOutcome(
        id=id,
        action=_action(outcome),
        kind=outcome.kind if isinstance(outcome, Decline) else None,
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
        question=question,
        citations=_citations(reply.guidance),
        index_version=index_version,
    )


def guidance_document(guidance: Guidance) -> dict[str, Any]:
    """The guidance as plain data, for `--json`."""
    document = asdict(guidance)
    document["sources"] = [source.model_dump() for source in guidance.sources]
    return document


def stages_document(reply: Reply) -> dict[str, Any]:
    """Every stage with its scores, for `--json --explain`; records best first."""
    stages = reply.stages
    return {
        "language": stages.language or "en",
        "scope": _all_rounded(stages.scope),
        "first_barrier_without": _all_rounded(stages.removals),
        "question_likeness": _all_rounded(stages.question_likeness),
        "reply_likeness": _all_rounded(stages.reply_likeness),
        "records": [
            {"id": hit.id, "barrier": hit.barrier, "origin": hit.origin, "score": _rounded(hit.score)}
            for hit in reply.hits
        ],
    }


def _all_rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {id: _rounded(score) for id, score in sorted(scores.items(), key=lambda item: -item[1])}


def _action(outcome: Answer | Clarify | Decline) -> Literal["answer", "clarify", "decline"]:
    match outcome:
        case Answer():
            return "answer"
        case Clarify():
            return "clarify"
        case Decline():
            return "decline"


def _citations(guidance: Guidance | None) -> list[dict[str, Any]]:
    return [asdict(citation) for citation in guidance.citations] if guidance else []


def _rounded(score: float) -> float:
    return round(score, 4)
