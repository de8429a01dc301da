"""How many turns wait in this process, and so how long the next one will."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic

LONG_S = 20.0
"""Who will wait longer than this is told so."""
RATED_ON = 20


class Backlog:
    """Counts turns from being received to being answered. `now` is any steady time in seconds."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._waiting: set[str] = set()
        self._done_at: deque[float] = deque(maxlen=RATED_ON)

    def begun(self, turn: str) -> None:
        self._waiting.add(turn)

    def done(self, turn: str) -> None:
        if turn in self._waiting:
            self._waiting.discard(turn)
            self._done_at.append(self._now())

    @property
    def wait_s(self) -> float:
        """Seconds until a question that comes now is answered, at the rate of late."""
        if len(self._done_at) < RATED_ON:
            return 0.0
        return len(self._waiting) * (self._now() - self._done_at[0]) / len(self._done_at)

    @property
    def is_long(self) -> bool:
        return self.wait_s > LONG_S
