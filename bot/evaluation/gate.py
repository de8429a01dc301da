"""Does a new index do as well as the one that serves? Both answer the same labelled messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bot.bot import Bot
from bot.evaluation.labelled import Labelled
from bot.evaluation.measures import Measure, Report, measure
from bot.knowledge import Knowledge
from bot.outcomes import BatchOutcome, batch_outcome
from bot.triage import Message

TOLERANCE = 0.02
ONE_MESSAGE = 1.5
"""Of a measure of few messages, one may be lost by chance; the half keeps rounding out of it."""
ROUNDING = 1e-9
HIGHER = (
    "dimension@1", "theme@1", "theme@3", "barrier@1", "barrier@3", "barrier@5", "within one tap", "in scope: kept",
    "near declined", "far declined", "about the bot: declined", "vague: asked or listed", "quite sure: right",
    "fairly sure: right",
)  # fmt: skip
LOWER = ("full answers that are wrong",)

Effect = Literal["better", "worse", "neither"]
OnJudged = Callable[[int, int], None]
"""Called with how many of how many answers are done."""


class Loss(BaseModel):
    """A measure, or the first guess in a theme, that fell by more than its tolerance; of `n` messages."""

    model_config = ConfigDict(frozen=True)

    what: str
    before: float
    after: float
    tolerance: float
    n: int


class ChangedAnswer(BaseModel):
    """A labelled message that is answered otherwise: in what it does, or by another first barrier."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    before: str
    after: str
    effect: Effect


class Verdict(BaseModel):
    """`set_aside` counts messages whose barriers, or whose theme, the new index no longer has."""

    model_config = ConfigDict(frozen=True)

    before: Report
    after: Report
    losses: tuple[Loss, ...]
    changed: tuple[ChangedAnswer, ...]
    set_aside: int

    @property
    def holds(self) -> bool:
        return not self.losses


def outcomes_of(bot: Bot, labelled: Sequence[Labelled]) -> Iterator[BatchOutcome]:
    """Let the bot answer each message, in order."""
    for item in labelled:
        yield batch_outcome(item.id, bot.reply(Message(item.text)), bot.version.number)


def judge(labelled: Sequence[Labelled], before: Bot, after: Bot, on_judged: OnJudged) -> Verdict:
    """Let both answer, and compare. A quarter of a minute for 230 messages."""
    known = [item for item in labelled if _has_labels(item, after.version.knowledge)]
    outcomes: list[BatchOutcome] = []
    for outcome in chain(outcomes_of(before, known), outcomes_of(after, known)):
        outcomes.append(outcome)
        on_judged(len(outcomes), 2 * len(known))
    old, new = outcomes[: len(known)], outcomes[len(known) :]
    return compare(known, old, new, after.version.knowledge, set_aside=len(labelled) - len(known))


def compare(
    labelled: Sequence[Labelled],
    before: Sequence[BatchOutcome],
    after: Sequence[BatchOutcome],
    knowledge: Knowledge,
    *,
    set_aside: int = 0,
) -> Verdict:
    """`before` and `after` are in the order of `labelled`."""
    dimension_of = {theme.id: theme.dimension for theme in knowledge.themes}
    reports = [measure(list(zip(labelled, outcomes, strict=True)), dimension_of) for outcomes in (before, after)]
    changed = (_changed(item, *pair) for item, *pair in zip(labelled, before, after, strict=True))
    return Verdict(
        before=reports[0],
        after=reports[1],
        losses=tuple(_losses(*reports)),
        changed=tuple(change for change in changed if change),
        set_aside=set_aside,
    )


def _has_labels(item: Labelled, knowledge: Knowledge) -> bool:
    if item.accepted and not item.accepted & knowledge.theme_by_id.keys():
        return False
    return not item.accepted_barriers or bool(item.accepted_barriers & knowledge.barrier_by_id.keys())


def _losses(before: Report, after: Report) -> Iterator[Loss]:
    old = {m.name: m for m in before.measures}
    for new in after.measures:
        sign = 1 if new.name in HIGHER else -1 if new.name in LOWER else 0
        if sign and (loss := _loss(new.name, old[new.name], new, sign)):
            yield loss
    at_1 = {row.theme: row for row in before.themes}
    for row in after.themes:
        one = Measure(name=row.theme, value=row.at_1, low=None, high=None, n=row.n)
        if loss := _loss(f"theme {row.theme}", one.model_copy(update={"value": at_1[row.theme].at_1}), one, 1):
            yield loss


def _loss(what: str, before: Measure, after: Measure, sign: int) -> Loss | None:
    if before.value is None or after.value is None:
        return None
    n = min(before.n, after.n)
    tolerance = max(TOLERANCE, ONE_MESSAGE / n)
    if sign * (before.value - after.value) <= tolerance + ROUNDING:
        return None
    return Loss(what=what, before=before.value, after=after.value, tolerance=tolerance, n=n)


def _changed(item: Labelled, before: BatchOutcome, after: BatchOutcome) -> ChangedAnswer | None:
    if _said(before) == _said(after):
        return None
    was_right, is_right = _is_right(item, before), _is_right(item, after)
    effect: Effect = "neither" if was_right == is_right else "better" if is_right else "worse"
    return ChangedAnswer(id=item.id, text=item.text, before=_said(before), after=_said(after), effect=effect)


def _said(outcome: BatchOutcome) -> str:
    match outcome.action:
        case "answer":
            return outcome.barriers[0].id
        case "shortlist":
            return f"a list, {outcome.barriers[0].id} first"
        case "clarify":
            return "asks back"
        case "decline":
            return f"declines ({outcome.kind})"


def _is_right(item: Labelled, outcome: BatchOutcome) -> bool:
    """Tell whether what people see is a good first answer to it."""
    match item.scope:
        case "in" if item.accepted_barriers:
            shows = outcome.action in ("answer", "shortlist")
            return shows and bool({outcome.barriers[0].id, *outcome.options} & item.accepted_barriers)
        case "in":
            return outcome.action != "decline" and outcome.themes[0].id in item.accepted
        case "vague":
            return outcome.action in ("clarify", "shortlist")
        case _:
            return outcome.action == "decline"
