"""What may go wrong between the bot and Slack.

| name | Slack's answer | was the work done |
|---|---|---|
| `429`, `429:2` | 429 with Retry-After 1 (2) | no |
| `500`, `503` | that status | no |
| `timeout` | nothing for `hang_s`, then the connection closes | no |
| `withheld` | nothing for `hang_s`, then the connection closes | yes |
| `drop` | the connection closes at once | no |
| `drop-after` | the connection closes at once | yes |
| `html:404` | that status with a page of HTML, as a proxy or a maintenance page | no |
| `error:invalid_blocks` | `{"ok": false, "error": "invalid_blocks"}` | no |
| `ok` | the usual one | yes |
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from random import Random
from threading import Lock
from typing import Literal

Kind = Literal["status", "page", "error", "hang", "withhold", "drop", "drop-after", "none"]


@dataclass(frozen=True)
class Fault:
    name: str
    kind: Kind
    status: int = 200
    retry_after_s: int | None = None
    error: str = ""

    @property
    def works(self) -> bool:
        return self.kind in ("none", "withhold", "drop-after")


NONE = Fault("ok", "none")


def fault(name: str) -> Fault:
    head, _, rest = name.partition(":")
    match head:
        case "429":
            return Fault(name, "status", 429, int(rest or 1), "ratelimited")
        case "500" | "502" | "503":
            return Fault(name, "status", int(head), error="internal_error")
        case "html":
            return Fault(name, "page", int(rest))
        case "error":
            return Fault(name, "error", error=rest)
        case "timeout":
            return Fault(name, "hang")
        case "withheld":
            return Fault(name, "withhold")
        case "drop":
            return Fault(name, "drop")
        case "drop-after":
            return Fault(name, "drop-after")
        case "ok":
            return NONE
        case _:
            raise ValueError(f"No such fault: {name}")


class Faults:
    """Queued ones first, then each method's share of chance."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._queued: dict[str, deque[Fault]] = defaultdict(deque)
        self._shares: dict[str, tuple[Random, dict[Fault, float]]] = {}
        self.down = False

    def queue(self, method: str, *names: str) -> None:
        faults = [fault(name) for name in names]
        with self._lock:
            self._queued[method].extend(faults)

    def share(self, method: str, shares: dict[str, float], seed: int) -> None:
        with self._lock:
            self._shares[method] = (Random(seed), {fault(name): share for name, share in shares.items()})

    def clear(self) -> None:
        with self._lock:
            self._queued.clear()
            self._shares.clear()
            self.down = False

    def next(self, method: str) -> Fault:
        with self._lock:
            if self.down:
                return fault("503")
            if queue := self._queued.get(method):
                return queue.popleft()
            if method in self._shares:
                random, shares = self._shares[method]
                drawn = random.random()
                for one, share in shares.items():
                    if drawn < share:
                        return one
                    drawn -= share
            return NONE
