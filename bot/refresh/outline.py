"""A proposal in words and figures, for every channel alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bot.evaluation.gate import HIGHER, LOWER, Loss
from bot.index.diff import KnowledgeDiff
from bot.index.documents import DocumentsDiff
from bot.refresh.figure import Figure
from bot.refresh.proposal import Proposal
from bot.retrieval.documents import IndexedDocument
from bot.sentences import counted

SYMPTOMS_SHOWN, ANSWERS_SHOWN, DOCUMENTS_SHOWN = 4, 12, 15
TEXT_CHARACTERS = 90
SIGNS = {"better": "+", "worse": "−", "neither": " "}


def diff_lines(diff: KnowledgeDiff | None) -> Iterator[str]:
    """Tell what differs, a line each."""
    if diff is None:
        yield "Nothing serves that it could be compared with."
        return
    if diff.empty:
        yield "No barrier, question or other record differs."
    for id in diff.added:
        yield f"added    {id}"
    for change in diff.changed:
        yield f"changed  {change.id}: {', '.join(change.fields)}"
        for sign, symptoms in (("+", change.symptoms_added), ("−", change.symptoms_removed)):
            yield from (f"         {sign} “{symptom}”" for symptom in symptoms[:SYMPTOMS_SHOWN])
            if len(symptoms) > SYMPTOMS_SHOWN:
                yield f"         {sign} {len(symptoms) - SYMPTOMS_SHOWN} more"
    for id in diff.removed:
        yield f"removed  {id}"
    for name in diff.others:
        yield f"changed  {name}"
    before, now = diff.coverage_before, diff.coverage
    was = f" ({before.covered} before)" if before != now else ""
    yield f"{now.covered} of the study's {now.codes} codes lead to a barrier{was}."


def documents_lines(diff: DocumentsDiff, *, is_linked: bool = True) -> Iterator[str]:
    """Tell which documents came and went, which barriers they help with, and why others are not indexed."""

    def listed(word: str, ids: Sequence[str], told: Callable[[int], str]) -> Iterator[str]:
        yield from (f"{word:<8} {ids[place]}{told(place)}" for place in range(min(len(ids), DOCUMENTS_SHOWN)))
        if len(ids) > DOCUMENTS_SHOWN:
            yield f"{word:<8} {len(ids) - DOCUMENTS_SHOWN} more"

    def told(document: IndexedDocument) -> str:
        helps = ", ".join(document.barriers) or "no barrier: it is never cited"
        by_whom = " (an admin says so)" if document.said_by_an_admin else ""
        return f" · for {diff.audiences[document.audience]}{f' · helps with {helps}{by_whom}' if is_linked else ''}"

    if diff.empty and not diff.skipped:
        return
    counts = (len(diff.added), len(diff.changed), len(diff.removed), len(diff.skipped))
    yield "Documents: {} added, {} changed, {} removed, {} skipped.".format(*counts)
    yield from listed("added", [each.id for each in diff.added], lambda place: told(diff.added[place]))
    yield from listed("changed", [each.id for each in diff.changed], lambda place: told(diff.changed[place]))
    yield from listed("removed", diff.removed, lambda _: "")
    yield from listed("skipped", [each.id for each in diff.skipped], lambda place: f": {diff.skipped[place].reason}")


def built(proposal: Proposal) -> str:
    beside = f" beside index {proposal.base}" if proposal.base is not None else ""
    what = f"{counted(proposal.barriers, 'barrier')}, {counted(proposal.records, 'record')}, each record finds itself"
    return f"Index {proposal.number} was built{beside} in {proposal.took_s:.0f} s: {what}."


def figures(proposal: Proposal) -> list[Figure]:
    """Return what the gate looks at and there are messages for, and the themes that lost."""
    verdict = proposal.verdict
    if verdict is None:
        return []
    lost = {loss.what for loss in verdict.losses}
    pairs = zip(verdict.before.measures, verdict.after.measures, strict=True)
    rows = [
        Figure(after.name, before.value, after.value, after.n, after.name in lost)
        for before, after in pairs
        if after.name in (*HIGHER, *LOWER) and after.n
    ]
    named = {row.name for row in rows}
    themes = [Figure(loss.what, loss.before, loss.after, loss.n, True) for loss in verdict.losses]
    return [*rows, *(row for row in themes if row.name not in named)]


def changed_answers(proposal: Proposal) -> Iterator[str]:
    """Tell whose answer changes and how, those that get worse first."""
    verdict = proposal.verdict
    if verdict is None:
        return
    changed = sorted(verdict.changed, key=lambda each: ("worse", "better", "neither").index(each.effect))
    messages = f"{verdict.after.messages} labelled messages"
    if not changed:
        yield f"All {messages} are answered as before."
        return
    effects = [f"{sum(each.effect == effect for each in changed)} {effect}" for effect in ("better", "worse")]
    yield f"{len(changed)} of {messages} are answered otherwise, {' and '.join(effects)}:"
    for each in changed[:ANSWERS_SHOWN]:
        text = " ".join(each.text.split())
        text = text if len(text) <= TEXT_CHARACTERS else f"{text[: TEXT_CHARACTERS - 1].rstrip()}…"
        yield f"{SIGNS[each.effect]} {each.before} → {each.after}  “{text}”"
    if len(changed) > ANSWERS_SHOWN:
        yield f"  and {len(changed) - ANSWERS_SHOWN} more"


def verdict_line(proposal: Proposal) -> str:
    """Tell what the gate says."""
    verdict = proposal.verdict
    if verdict is None:
        return f"There was nothing to compare the answers of index {proposal.number} with."
    if verdict.holds:
        return f"The gate lets index {proposal.number} through."
    return f"The gate stops index {proposal.number}: it falls on {counted(len(verdict.losses), 'measure')}."


def reasons(proposal: Proposal) -> Iterator[str]:
    """Tell why the gate says so, a line each."""
    verdict = proposal.verdict
    if verdict is None:
        return
    if verdict.holds:
        yield "No measure and no theme falls by more than its tolerance."
    yield from map(in_words, verdict.losses)
    if verdict.set_aside:
        yield f"{counted(verdict.set_aside, 'labelled message')} set aside: what they were labelled with is gone."


def in_words(loss: Loss) -> str:
    return f"{loss.what} {loss.before:.2f} → {loss.after:.2f} (tolerance {loss.tolerance:.2f}, {loss.n} messages)"
