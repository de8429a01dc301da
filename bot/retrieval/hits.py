"""A retrieved record, and how two rankings of records become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Origin = Literal["vectors", "lexical", "both"]

RANK_OFFSET = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is comparable within one list only: cosine, BM25 or fused, by `origin`."""

    id: str
    kind: str
    barrier: str
    text: str
    score: float
    origin: Origin


def fuse(vectors: Sequence[Hit], lexical: Sequence[Hit], limit: int) -> list[Hit]:
    """Reciprocal rank fusion (Cormack et al., SIGIR 2009), best first."""
    # BM25 and cosine share no scale, so only each ranking's order counts.
    fused: dict[str, Hit] = {}
    for ranking in (vectors, lexical):
        for rank, hit in enumerate(ranking, start=1):
            score = 1 / (RANK_OFFSET + rank)
            before = fused.get(hit.id)
            fused[hit.id] = (
                replace(before, score=before.score + score, origin="both") if before else replace(hit, score=score)
            )
    return sorted(fused.values(), key=lambda hit: (-hit.score, hit.id))[:limit]
