"""Answer -> Guidance, composed from the knowledge base's records: same input, same text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.guidance.cues import acknowledgement, asks_for_a_number
from bot.guidance.guidance import BarrierLine, Citation, Cited, Guidance, Listed, StudySays
from bot.knowledge import Barrier, Knowledge
from bot.retrieval.documents import OwnDocument
from bot.retrieval.hits import Hit
from bot.triage import Answer, RankedBarrier, ShortList

TOOLS_FRESH_FOR = timedelta(days=365)
NEXT_STEPS = 3
UPSTREAM_WORTH = 0.25
"""Of the first barrier's probability: an upstream cause below this is not put first."""

LANGUAGES = {
    "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
}  # fmt: skip
BARRIER_GRADES = {
    "strong": "Many sources describe this barrier.",
    "moderate": "Some sources describe this barrier.",
    "thin": "Few sources describe this barrier.",
}
REMEDY_GRADES = {
    "measured": "The effect of such steps has been measured",
    "reported": "Practitioners report that such steps help",
    "reasoned": "The steps are our reasoning, not yet tested by others",
}
WHICH = "It could be one of these. Which comes closest?"


def compose(
    answer: Answer,
    message: str,
    knowledge: Knowledge,
    records: Sequence[Hit],
    hits: Sequence[Hit],
    today: date,
    index_version: int,
    documents: Sequence[OwnDocument] = (),
) -> Guidance:
    """Compose the guidance for an answer.

    `records` are all of its barrier's, the one that the message resembles most first: they order the steps. `hits`
    are the records of any barrier that were retrieved for the message: those of this one are cited.
    """
    barrier = knowledge.barrier_by_id[answer.barrier.id]
    theme = knowledge.theme_by_id[barrier.theme]
    steps = _next_steps(barrier, records)
    first_step = _cited(barrier, barrier.steps("this-week")[0])
    return Guidance(
        barrier=line(answer.barrier, knowledge),
        sureness=answer.sureness,
        study=StudySays(
            knowledge.dimension_by_id[theme.dimension].name, theme.name, barrier.study_codes, barrier.provenance
        ),
        acknowledgement=f"{said} Here is where I would start." if (said := acknowledgement(message)) else None,
        language_note=_language_note(answer.language),
        measure_note=_measure_note(message, barrier),
        summary=Cited(barrier.summary, Citation(f"{barrier.id}/card", barrier.sources)),
        first_step=first_step,
        deliverable=barrier.editorial.deliverable,
        effort=effort(barrier),
        next_quarter=steps,
        good_looks_like=barrier.good_looks_like,
        fixed_when=barrier.fixed_when,
        upstream=_upstream(barrier, answer, knowledge),
        not_yet_when=barrier.editorial.not_yet_when,
        others=tuple(line(other, knowledge) for other in answer.others),
        tools=fresh_tools(barrier, today),
        ask_back=barrier.editorial.ask_back,
        evidence=evidence(barrier),
        sources=tuple(knowledge.source_by_id[id] for id in barrier.sources),
        citations=_citations(barrier, hits, (first_step, *steps)),
        index_version=index_version,
        documents=tuple(documents),
    )


def listed(shortlist: ShortList, message: str, knowledge: Knowledge, index_version: int) -> Listed:
    """Tell what is shown of a short list."""
    return Listed(
        f"{said} {WHICH}" if (said := acknowledgement(message)) else WHICH,
        tuple(line(barrier, knowledge) for barrier in shortlist.barriers),
        _language_note(shortlist.language),
        index_version,
    )


def _citations(barrier: Barrier, hits: Sequence[Hit], steps: Sequence[Cited]) -> tuple[Citation, ...]:
    """Tell what the message was matched with, then the records of what is said."""
    matched = [hit.id for hit in hits if hit.barrier == barrier.id]
    records = dict.fromkeys([*matched, f"{barrier.id}/card", *(step.citation.record for step in steps)])
    return tuple(Citation(record, barrier.sources) for record in records)


def _next_steps(barrier: Barrier, records: Sequence[Hit]) -> tuple[Cited, ...]:
    """Order them: those that the message speaks of first."""
    resembles = {hit.text: hit.score for hit in records}
    steps = barrier.steps("next-quarter")
    ordered = sorted(steps, key=lambda step: (-resembles.get(step, 0.0), steps.index(step)))
    return tuple(_cited(barrier, step) for step in ordered[:NEXT_STEPS])


def _cited(barrier: Barrier, step: str) -> Cited:
    place = [recommendation.text for recommendation in barrier.recommendations].index(step)
    return Cited(step, Citation(f"{barrier.id}/step/{place}", barrier.sources))


def _upstream(barrier: Barrier, answer: Answer, knowledge: Knowledge) -> str | None:
    probability = {b.id: b.probability for b in answer.ranking.barriers}
    likely = [cause for cause in barrier.caused_by if probability[cause.id] >= UPSTREAM_WORTH * probability[barrier.id]]
    if not likely:
        return None
    cause = max(likely, key=lambda cause: probability[cause.id])
    return f"{knowledge.barrier_by_id[cause.id].name} ({cause.why})"


def line(ranked: RankedBarrier, knowledge: Knowledge) -> BarrierLine:
    """Return a ranked barrier as people read it."""
    barrier = knowledge.barrier_by_id[ranked.id]
    theme = knowledge.theme_by_id[barrier.theme]
    return BarrierLine(
        barrier.id,
        barrier.name,
        knowledge.dimension_by_id[theme.dimension].name,
        theme.name,
        barrier.editorial.one_line,
        ranked.reason,
    )


def _language_note(language: str | None) -> str | None:
    if language is None:
        return None
    name = LANGUAGES.get(language, "a language other than English")
    return f"This looks like {name}; I read English best, so check the quote before you rely on the rest."


def _measure_note(message: str, barrier: Barrier) -> str | None:
    if not asks_for_a_number(message):
        return None
    return f"I quote no industry figure. Measure your own instead: {barrier.fixed_when}"


def effort(barrier: Barrier) -> str:
    """Tell how long the first step takes, and how many people."""
    needed = barrier.editorial.effort
    people = "one person" if needed.people == 1 else f"{needed.people} people"
    return f"{needed.first_step}, {people}"


def fresh_tools(barrier: Barrier, today: date) -> str | None:
    """Product names, while they were checked within a year."""
    tools = barrier.tools
    return tools.names if tools and today - tools.checked_on <= TOOLS_FRESH_FOR else None


def evidence(barrier: Barrier) -> str:
    """Tell how well the barrier and its remedy are known, in two sentences."""
    grade = barrier.evidence
    note = f" ({grade.remedy_note})" if grade.remedy_note else ""
    return f"{BARRIER_GRADES[grade.barrier]} {REMEDY_GRADES[grade.remedy]}{note}."
