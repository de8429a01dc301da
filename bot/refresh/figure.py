"""What channels draw of a refresh. By itself: the process that answers draws too, and judges nothing."""

from __future__ import annotations

from dataclasses import dataclass

REASON_CHARACTERS = 500
"""Of why a version is to serve although the gate stops it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A share of `n` messages before and after; `lost` where it fell by more than its tolerance."""

    name: str
    before: float | None
    after: float | None
    n: int
    lost: bool

    @property
    def row(self) -> tuple[str, str, str, str]:
        """Its cells, as people read them."""
        return self.name, _share(self.before), f"{_share(self.after)}{' !' if self.lost else ''}", str(self.n)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
