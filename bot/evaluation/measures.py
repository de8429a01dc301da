"""How well outcomes fit a labelled set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel

from bot.evaluation.labelled import Labelled
from bot.outcomes import BatchOutcome

RESAMPLES = 2000
BINS, BARRIER_BINS = (0.0, 0.3, 0.5, 0.7, 0.85, 1.01), (0.0, 0.25, 0.4, 0.6, 1.01)

Pair = tuple[Labelled, BatchOutcome]


class Measure(BaseModel):
    """A share of `n` messages, with the 95 % interval of a bootstrap over them; None for no messages."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int


class ThemeRow(BaseModel):
    theme: str
    n: int
    at_1: float
    at_3: float


class ReliabilityRow(BaseModel):
    """Messages whose first theme or barrier had a probability from `low` up to `high`, and how often it was right."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


class Report(BaseModel):
    messages: int
    measures: list[Measure]
    themes: list[ThemeRow]
    confusion: dict[str, dict[str, int]]
    reliability: list[ReliabilityRow]
    barrier_reliability: list[ReliabilityRow]


@dataclass(frozen=True, slots=True)
class _Share:
    name: str
    of: Callable[[Labelled], bool]
    right: Callable[[Labelled, BatchOutcome], bool]


def measure(pairs: Sequence[Pair], dimension_of: Mapping[str, str]) -> Report:
    """Dimension, theme and barrier are judged on the ranking, whatever the action. `dimension_of` maps themes.

    What was listed or asked back counts as that, never as right, where answers are judged (the words of sureness, "full
    answers that are wrong", "within one tap").
    """

    def in_scope(labelled: Labelled) -> bool:
        return labelled.scope == "in"

    def among(k: int) -> Callable[[Labelled, BatchOutcome], bool]:
        return lambda labelled, o: any(theme.id in labelled.accepted for theme in o.themes[:k])

    def has_barriers(labelled: Labelled) -> bool:
        return in_scope(labelled) and bool(labelled.barriers)

    def barrier_among(k: int) -> Callable[[Labelled, BatchOutcome], bool]:
        return lambda labelled, o: any(barrier.id in labelled.accepted_barriers for barrier in o.barriers[:k])

    def within_one_tap(labelled: Labelled, o: BatchOutcome) -> bool:
        offered = {*o.options, *(barrier.id for barrier in o.barriers[:1] if o.action == "answer")}
        return o.action in ("answer", "shortlist") and bool(offered & labelled.accepted_barriers)

    def declined(_: Labelled, o: BatchOutcome) -> bool:
        return o.action == "decline"

    shares = (
        _Share(
            "dimension@1",
            in_scope,
            lambda labelled, o: o.dimensions[0].id in {dimension_of[theme] for theme in labelled.accepted},
        ),
        _Share("theme@1", in_scope, among(1)),
        _Share("theme@1 strict", in_scope, lambda labelled, o: o.themes[0].id == labelled.theme),
        _Share("theme@3", in_scope, among(3)),
        _Share("barrier@1", has_barriers, barrier_among(1)),
        _Share(
            "barrier@1 strict", has_barriers, lambda labelled, o: any(b.id in labelled.barriers for b in o.barriers[:1])
        ),
        _Share("barrier@3", has_barriers, barrier_among(3)),
        _Share("barrier@5", has_barriers, barrier_among(5)),
        _Share("within one tap", has_barriers, within_one_tap),
        _Share("in scope: kept", in_scope, lambda _, o: o.action != "decline"),
        _Share("in scope: answered", in_scope, lambda _, o: o.action == "answer"),
        _Share("near declined", lambda labelled: labelled.scope == "out_near", declined),
        _Share("far declined", lambda labelled: labelled.scope == "out_far", declined),
        _Share("in scope: listed", in_scope, lambda _, o: o.action == "shortlist"),
        _Share("in scope: asked back", in_scope, lambda _, o: o.action == "clarify"),
        _Share("about the bot: declined", lambda labelled: labelled.scope == "about", declined),
        _Share(
            "vague: asked or listed",
            lambda labelled: labelled.scope == "vague",
            lambda _, o: o.action in ("clarify", "shortlist"),
        ),
    )
    inside = [(labelled, o) for labelled, o in pairs if in_scope(labelled)]
    by_barrier = [(labelled, o) for labelled, o in inside if labelled.barriers]
    answers = [(labelled, o) for labelled, o in by_barrier if o.action == "answer"]
    said = [
        _measured(
            _Share(f"{words}: right", has_barriers, barrier_among(1)),
            [(labelled, o) for labelled, o in answers if o.sureness == words],
        )
        for words in ("quite sure", "fairly sure")
    ]
    wrong = _Share("full answers that are wrong", has_barriers, lambda labelled, o: not barrier_among(1)(labelled, o))
    return Report(
        messages=len(pairs),
        measures=[*(_measured(share, pairs) for share in shares), *said, _measured(wrong, answers)],
        themes=_theme_rows(inside),
        confusion=_confusion(inside),
        reliability=_reliability(
            [(o.themes[0].score, o.themes[0].id in labelled.accepted) for labelled, o in inside], BINS
        ),
        barrier_reliability=_reliability(
            [
                (o.barriers[0].score, o.barriers[0].id in labelled.accepted_barriers)
                for labelled, o in by_barrier
                if o.barriers
            ],
            BARRIER_BINS,
        ),
    )


def _measured(share: _Share, pairs: Sequence[Pair]) -> Measure:
    right = np.array([share.right(labelled, o) for labelled, o in pairs if share.of(labelled)], dtype=float)
    if not len(right):
        return Measure(name=share.name, value=None, low=None, high=None, n=0)
    resampled = np.random.default_rng(0).choice(right, (RESAMPLES, len(right))).mean(axis=1)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Measure(name=share.name, value=float(right.mean()), low=float(low), high=float(high), n=len(right))


def _theme_rows(inside: Sequence[Pair]) -> list[ThemeRow]:
    rows: list[ThemeRow] = []
    for theme in sorted({labelled.theme for labelled, _ in inside if labelled.theme}):
        of_theme = [(labelled, o) for labelled, o in inside if labelled.theme == theme]
        at = [
            sum(any(t.id in labelled.accepted for t in o.themes[:k]) for labelled, o in of_theme) / len(of_theme)
            for k in (1, 3)
        ]
        rows.append(ThemeRow(theme=theme, n=len(of_theme), at_1=at[0], at_3=at[1]))
    return rows


def _confusion(inside: Sequence[Pair]) -> dict[str, dict[str, int]]:
    """Labelled theme -> first theme of the ranking -> count; an accepted theme counts as the labelled one."""
    counts: dict[str, Counter[str]] = {}
    for labelled, o in inside:
        first = o.themes[0].id
        given = labelled.theme if first in labelled.accepted else first
        counts.setdefault(labelled.theme or "", Counter())[given or ""] += 1
    return {theme: dict(row) for theme, row in sorted(counts.items())}


def _reliability(said: Sequence[tuple[float, bool]], bins: Sequence[float]) -> list[ReliabilityRow]:
    """`said` are probabilities and whether what they were said of was right."""
    rows: list[ReliabilityRow] = []
    for low, high in zip(bins, bins[1:], strict=False):
        chosen = [(score, right) for score, right in said if low <= score < high]
        if chosen:
            confidence = sum(score for score, _ in chosen) / len(chosen)
            right = sum(right for _, right in chosen) / len(chosen)
            rows.append(ReliabilityRow(low=low, high=min(high, 1.0), n=len(chosen), confidence=confidence, right=right))
    return rows
