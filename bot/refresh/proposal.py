"""What a refresh found out: built beside, compared with what serves, not serving yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from bot.evaluation import Verdict
from bot.index.diff import Coverage, KnowledgeDiff
from bot.index.documents import DocumentsDiff


@dataclass(frozen=True, slots=True)
class Compared:
    """What a refresh would change against the version `base`, in lines; `unchanged`: nothing, no file differs."""

    base: int | None
    lines: tuple[str, ...]
    unchanged: bool


class Proposal(BaseModel):
    """The candidate `number`, against the version `base` that served when it was built.

    `base`, `diff` and `verdict` are None where nothing served that it could be compared with. `took_s` are the seconds
    that building and judging took.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    base: int | None
    who: str
    made_at: datetime
    took_s: float
    barriers: int
    records: int
    coverage: Coverage
    diff: KnowledgeDiff | None
    documents: DocumentsDiff = DocumentsDiff()
    verdict: Verdict | None

    @property
    def holds(self) -> bool:
        """Tell whether the gate lets it through."""
        return self.verdict is None or self.verdict.holds
