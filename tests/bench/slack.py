"""Load on `triage serve` from the loopback Slack: acknowledgement, time to the answer, memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.scenarios.killing import QUESTIONS
from tests.scenarios.processes import Serve
from tests.standins.slack import Slack

PEOPLE = 200
EVERYTHING_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds; `memory_mb` is the resident memory of the server's processes after it."""

    asked: int
    answered: int
    acknowledged: tuple[float, float]
    to_answer: tuple[float, float]
    per_s: float
    memory_mb: float


def load(home: Path, per_s: float, for_s: float, database_url: str | None = None) -> Load:
    """Mentions at a steady rate from 200 people in 200 channels, each told in two events as Slack does."""
    with Slack(bot_events={"app_mention", "message.channels"}) as slack:
        serve = Serve(slack, home, database_url).start()
        slack.connect(serve.url)
        try:
            rooms = [slack.channel(f"room-{n}", members=[f"person{n}"]) for n in range(PEOPLE)]
            _ask(slack, 4, 4.0)  # warm
            time.sleep(1)
            before = len(slack.deliveries)
            asked = _ask(slack, int(per_s * for_s), per_s)
            until = time.monotonic() + EVERYTHING_WITHIN_S
            while time.monotonic() < until and sum(len(slack.posted_at(room)) for room in rooms) < len(asked) + 4:
                time.sleep(0.2)
            took = [delivery.seconds for delivery in slack.deliveries[before:] if delivery.seconds is not None]
            posts = {room: slack.posted_at(room) for room in rooms}
            waited = [posts[room][nth] - at for room, nth, at in _nths(asked, rooms) if nth < len(posts[room])]
            last = max(max(times) for times in posts.values() if times)
            return Load(
                asked=len(asked),
                answered=len(waited),
                acknowledged=_p(took, 50, 99),
                to_answer=_p(waited, 50, 95),
                per_s=len(waited) / (last - asked[0][1]),
                memory_mb=_resident_mb(serve),
            )
        finally:
            serve.stop()


def show(title: str, found: Load, per_s: float) -> None:
    fast, slow = (1000 * seconds for seconds in found.acknowledged)
    to_answer = found.to_answer
    print(f"{title}: {found.answered} of {found.asked} answered")
    print(f"  acknowledged p50 / p99                            {fast:6.0f} / {slow:.0f} ms   (bar 300 ms)")
    print(
        f"  from event to post p50 / p95                      {to_answer[0]:6.2f} / {to_answer[1]:.2f} s"
        + ("   (bar 1.5 s)" if per_s <= 10 else "")
    )
    print(
        f"  answers a second until the last                   {found.per_s:6.1f}"
        + ("   (bar 25)" if per_s >= 25 else "")
    )
    print(f"  resident memory, both processes                   {found.memory_mb:6.0f} MB   (bar 500 MB)")


def _ask(slack: Slack, number: int, per_s: float) -> list[tuple[int, float]]:
    start, asked = time.monotonic(), []
    for n in range(number):
        time.sleep(max(0.0, start + n / per_s - time.monotonic()))
        asked.append((n % PEOPLE, time.monotonic()))
        slack.say(f"person{n % PEOPLE}", f"room-{n % PEOPLE}", f"@bot {QUESTIONS[n % len(QUESTIONS)]}")
    return asked


def _nths(asked: list[tuple[int, float]], rooms: list[str]) -> list[tuple[str, int, float]]:
    """Room, which of its posts answers it, and when it was asked; the first four rooms have a warm-up post."""
    seen = {place: 1 if place < 4 else 0 for place in range(PEOPLE)}
    found = []
    for place, at in asked:
        found.append((rooms[place], seen[place], at))
        seen[place] += 1
    return found


def _p(values: list[float], *percentiles: int) -> tuple[float, float]:
    low, high = np.percentile(values, percentiles)
    return float(low), float(high)


def _resident_mb(serve: Serve) -> float:
    """Of the process that serves and those that it began."""
    assert serve.process is not None
    root = serve.process.pid
    status = {int(file.parent.name): file.read_text() for file in Path("/proc").glob("[0-9]*/status")}
    fields = {pid: dict(line.split(":", 1) for line in text.splitlines()) for pid, text in status.items()}
    ours = [of for pid, of in fields.items() if pid == root or int(of["PPid"]) == root]
    return sum(int(of.get("VmRSS", "0 kB").split()[0]) for of in ours) / 1024
