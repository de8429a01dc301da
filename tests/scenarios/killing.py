"""kill -9 under load: people ask, replicas die, posts are recorded while their answers are withheld."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.processes import Serve
from tests.standins.slack import Slack

QUESTIONS = (
    "legal needs six weeks for every model update",
    "we can't hire ML engineers, they all go to big tech",
    "half our cloud budget goes on idle GPUs",
    "train and serve feature values differ and nobody noticed for a month",
    "we roll models out by hand from Pavel's laptop",
    "nobody can say what the churn model earns us",
)
SLACKS_RETRIES_S = (0.0, 60.0, 300.0)
SHORT_RETRIES_S = (0.3, 6.0, 30.0)
"""For a small run: of Slack's shape, so that it takes no ten minutes."""
FAULTS = {"withheld": 0.08, "drop-after": 0.08, "500": 0.04, "429": 0.04}
ANSWERED_WITHIN_S = 400.0


@dataclass(frozen=True, slots=True)
class Killed:
    """`answers` maps how many visible answers a question got to how many questions got so many."""

    questions: int
    kills: int
    answers: Counter[int]
    faults: Counter[str]
    not_acknowledged: int
    seconds: float

    def __str__(self) -> str:
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"{self.questions} questions of {self.questions} people, {self.kills} kills, posts hit by: "
            f"{faults or 'nothing'}; visible answers per question: {dict(sorted(self.answers.items()))}; "
            f"{self.not_acknowledged} never acknowledged; {self.seconds:.0f} s"
        )


def kill_while_asked(
    slack: Slack,
    replicas: list[Serve],
    *,
    questions: int,
    kills: int,
    over_s: float,
    retries_s: tuple[float, float, float] = SLACKS_RETRIES_S,
    one_never_returns: bool = False,
) -> Killed:
    """Ask `questions` over `over_s` seconds while replicas are killed `kills` times, evenly spread.

    A killed replica is started again, but for the last one when `one_never_returns`: it dies once, halfway.
    """
    chance = random.Random(7)
    slack.retry_delays_s, slack.hang_s = retries_s, 1.0
    slack.fail_share("chat.postMessage", FAULTS, seed=7)
    asked: list[str] = []
    began = time.monotonic()
    for replica in replicas:
        replica.start()
    events = sorted(
        [(over_s * n / questions, "ask", n) for n in range(questions)]
        + [(over_s * (n + 0.5) / kills, "kill", n) for n in range(kills)]
    )
    lost = replicas[-1] if one_never_returns else None
    start = time.monotonic()
    for at, what, number in events:
        time.sleep(max(0.0, start + at - time.monotonic()))
        if what == "ask":
            # A load balancer sends to whatever answers: here to any replica that is not known to be gone.
            slack.connect(chance.choice([r for r in replicas if r.process is not None]).url)
            slack.channel(f"room-{number}", members=[f"person{number}"])
            text = f"@bot {QUESTIONS[number % len(QUESTIONS)]}"
            asked.append(slack.say(f"person{number}", f"room-{number}", text))
            continue
        if lost is not None and number == kills // 2:
            lost.kill()
            lost.process = None
            continue
        victim = chance.choice([r for r in replicas if r.process is not None and r is not lost] or replicas[:1])
        victim.kill()
        victim.start(ready=False)
    slack.connect(replicas[0].url)
    replicas[0].wait_ready()
    until = time.monotonic() + ANSWERED_WITHIN_S
    while time.monotonic() < until and any(not slack.answers_to(ts) for ts in asked):
        time.sleep(0.5)
    slack.heal()
    time.sleep(8)  # whoever would answer twice, does it now
    hit = Counter(call.fault for call in slack.calls_of("chat.postMessage") if call.fault not in (None, "ok"))
    acknowledged = {delivery.id for delivery in slack.deliveries if delivery.status == 200}
    return Killed(
        questions=questions,
        kills=kills,
        answers=Counter(len(slack.answers_to(ts)) for ts in asked),
        faults=hit,
        not_acknowledged=len({delivery.id for delivery in slack.deliveries} - acknowledged),
        seconds=time.monotonic() - began,
    )


def replicas_of(slack: Slack, home: Path, number: int, database_url: str | None = None) -> list[Serve]:
    return [Serve(slack, home, database_url) for _ in range(number)]
