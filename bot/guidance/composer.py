"""Answer -> Guidance, composed from the knowledge base's records: same input, same text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.guidance.guidance import BarrierLine, Citation, Cited, Guidance, StudySays, Sureness
from bot.guidance.tone import acknowledgement, asks_for_a_number
from bot.knowledge import Barrier, Knowledge
from bot.retrieval.hits import Hit
from bot.triage import Answer, RankedBarrier

STUDY_SOURCES = ("R01", "R02")
TOOLS_FRESH_FOR = timedelta(days=365)
NEXT_STEPS = 3
SURE_AT, FAIRLY_SURE_AT = 0.7, 0.45
UPSTREAM_WORTH = 0.25
"""Of the first barrier's probability: an upstream cause below this is not put first."""

LANGUAGES = {
    "de": "German", "es": "Spanish", "fr": "French", "it": "Italian", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
}  # fmt: skip
BARRIER_GRADES = {
    "strong": "well documented",
    "moderate": "documented by some sources",
    "thin": "thinly documented",
}
REMEDY_GRADES = {
    "measured": "its effect has been measured",
    "reported": "practitioners report that it helps",
    "reasoned": "reasoned, not yet tested by others",
}


def compose(
    answer: Answer, message: str, knowledge: Knowledge, hits: Sequence[Hit], today: date, index_version: int
) -> Guidance:
    """The guidance for an answer. `hits` are the records retrieved for the message: they order the steps."""
    first, second, others = _in_causal_order(answer.barriers, knowledge)
    barrier = knowledge.barrier_by_id[first.id]
    theme = knowledge.theme_by_id[barrier.theme]
    steps = _next_steps(barrier, hits)
    first_step = _cited(barrier, barrier.steps("this-week")[0])
    citations = (Citation(f"{barrier.id}/card", barrier.sources), first_step.citation, *(s.citation for s in steps))
    return Guidance(
        barrier=_line(first, knowledge),
        sureness=_sureness(answer.confidence),
        study=StudySays(
            knowledge.dimension_by_id[theme.dimension].name, theme.name, barrier.study_codes, barrier.provenance
        ),
        acknowledgement=f"{line} Here is where I would start." if (line := acknowledgement(message)) else None,
        language_note=_language_note(answer.language),
        measure_note=_measure_note(message, barrier),
        summary=Cited(barrier.summary, citations[0]),
        first_step=first_step,
        deliverable=barrier.editorial.deliverable,
        effort=_effort(barrier),
        next_quarter=steps,
        good_looks_like=barrier.good_looks_like,
        fixed_when=barrier.fixed_when,
        upstream=_upstream(barrier, answer, knowledge),
        not_yet_when=barrier.editorial.not_yet_when,
        second=_line(second, knowledge) if second else None,
        runner_up=_line(_runner_up(first, answer), knowledge),
        parked=tuple(_line(other, knowledge) for other in others),
        tools=_fresh_tools(barrier, today),
        ask_back=barrier.editorial.ask_back,
        evidence=_evidence(barrier),
        sources=tuple(knowledge.source_by_id[id] for id in barrier.sources),
        citations=citations,
        index_version=index_version,
    )


def _in_causal_order(
    barriers: Sequence[RankedBarrier], knowledge: Knowledge
) -> tuple[RankedBarrier, RankedBarrier | None, Sequence[RankedBarrier]]:
    """First, second, rest. Of two that are about as likely, the one that causes the other comes first."""
    first, *others = barriers
    for other in others:
        causes = {cause.id for cause in knowledge.barrier_by_id[first.id].caused_by}
        if other.id in causes and other.probability >= 0.8 * first.probability and other.theme == first.theme:
            first, others = other, [first, *(b for b in others if b.id != other.id)]
            break
    return first, others[0] if others else None, others[1:]


def _runner_up(first: RankedBarrier, answer: Answer) -> RankedBarrier:
    """The likeliest barrier of another theme: what one tap should reach."""
    return next(b for b in (*answer.barriers, *answer.ranking.barriers) if b.theme != first.theme)


def _next_steps(barrier: Barrier, hits: Sequence[Hit]) -> tuple[Cited, ...]:
    retrieved = {hit.text: place for place, hit in enumerate(hits) if hit.kind == "step"}
    steps = barrier.steps("next-quarter")
    chosen = sorted(steps, key=lambda step: (retrieved.get(step, len(hits)), steps.index(step)))[:NEXT_STEPS]
    return tuple(_cited(barrier, step) for step in sorted(chosen, key=steps.index))


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


def _line(ranked: RankedBarrier, knowledge: Knowledge) -> BarrierLine:
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


def _sureness(confidence: float) -> Sureness:
    if confidence >= SURE_AT:
        return "quite sure"
    return "fairly sure" if confidence >= FAIRLY_SURE_AT else "a first guess"


def _language_note(language: str | None) -> str | None:
    if language is None:
        return None
    name = LANGUAGES.get(language, "a language other than English")
    return f"This looks like {name}; I read English best, so check the quote before you rely on the rest."


def _measure_note(message: str, barrier: Barrier) -> str | None:
    if not asks_for_a_number(message):
        return None
    return f"I quote no industry figure. Measure your own instead: {barrier.fixed_when}"


def _effort(barrier: Barrier) -> str:
    effort = barrier.editorial.effort
    people = "one person" if effort.people == 1 else f"{effort.people} people"
    return f"{effort.first_step}, {people}"


def _fresh_tools(barrier: Barrier, today: date) -> str | None:
    tools = barrier.tools
    return tools.names if tools and today - tools.checked_on <= TOOLS_FRESH_FOR else None


def _evidence(barrier: Barrier) -> str:
    grade = barrier.evidence
    note = f" ({grade.remedy_note})" if grade.remedy_note else ""
    return f"the barrier is {BARRIER_GRADES[grade.barrier]}; the remedy: {REMEDY_GRADES[grade.remedy]}{note}"
