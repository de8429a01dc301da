"""What the knowledge has no good answer to: questions that resemble one another, asked by several people."""

# scipy has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from bot.bot import Bot
from bot.errors import GapUnknown, MessageUnreadable
from bot.retrieval.encoder import Vectors
from bot.triage import Explanation, Message

if TYPE_CHECKING:  # the store takes a second to import
    from bot.store import Unanswered

LEAST_ASKERS = 3
"""Fewer could be told by who they are."""
FARTHEST = 0.65
"""Mean cosine distance up to which two groups of questions are one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A cluster. `questions` begin with the one in its middle; `theme` and `barriers` are the nearest there are."""

    key: str
    questions: tuple[Unanswered, ...]
    askers: int
    rooms: int
    theme: str
    barriers: tuple[str, ...]


def gaps_in(asked: Sequence[Unanswered], bot: Bot, least_askers: int = LEAST_ASKERS) -> list[Gap]:
    """Cluster what was asked, by mean cosine distance (average linkage), those of most people first.

    A cluster of fewer than `least_askers` people is left out.
    """
    readable = [(each, triaged) for each in asked if (triaged := _triaged(bot, each.text)) is not None]
    if len(readable) < 2:
        return []
    vectors = np.concatenate([explanation.vector for _, explanation in readable])
    found: list[Gap] = []
    for members in _clusters(vectors):
        questions = [readable[member][0] for member in members]
        askers = {question.asker for question in questions}
        if len(askers) < least_askers:
            continue
        middle = vectors[members].mean(axis=0)
        order: list[int] = np.argsort(-(vectors[members] @ middle), kind="stable").tolist()
        ordered = tuple(questions[place] for place in order)
        rankings = [readable[member][1].ranking for member in members]
        found.append(
            Gap(
                key=sha256(ordered[0].turn.encode()).hexdigest()[:6],
                questions=ordered,
                askers=len(askers),
                rooms=len({question.room for question in questions}),
                theme=_most([ranking.themes[0].id for ranking in rankings])[0],
                barriers=tuple(_most([ranking.barriers[0].id for ranking in rankings])[:2]),
            )
        )
    return sorted(found, key=lambda gap: (-gap.askers, -len(gap.questions), gap.key))


def gap_named(gaps: Sequence[Gap], key: str) -> Gap:
    """Raises GapUnknown."""
    for gap in gaps:
        if gap.key == key:
            return gap
    raise GapUnknown(key, [gap.key for gap in gaps])


def _triaged(bot: Bot, text: str) -> Explanation | None:
    try:
        return bot.triage(Message(text))
    except MessageUnreadable:
        return None


def _clusters(vectors: Vectors) -> list[list[int]]:
    from scipy.cluster.hierarchy import fcluster, linkage

    labels: list[int] = fcluster(linkage(vectors, "average", "cosine"), FARTHEST, "distance").tolist()
    members: dict[int, list[int]] = {}
    for row, label in enumerate(labels):
        members.setdefault(label, []).append(row)
    return list(members.values())


def _most(names: Sequence[str]) -> list[str]:
    return [name for name, _ in Counter(names).most_common()]
