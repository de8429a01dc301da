"""Another index serves within seconds in every process, and nobody who asks meanwhile notices a seam."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.knowledge.small import Small
from tests.scenarios.processes import Serve, on_small_knowledge
from tests.standins.postgres import database_url, postgres, postgres_url
from tests.standins.slack import Slack

__all__ = ["database_url", "postgres", "postgres_url"]

WITHIN_S = 10.0
MONDAYS = "ORG-01 hurts on mondays"


@dataclass
class Stand:
    """Two replicas on one home; Slack sends to the first."""

    slack: Slack
    small: Small
    replicas: list[Serve]

    def triage(self, *arguments: str) -> str:
        return self.replicas[0].triage(*arguments)

    def rename(self, name: str) -> None:
        file = self.small.path / "barriers" / "ORG-01.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join([lines[0], f"name: {name}\n", *lines[2:]]), encoding="utf-8")

    def serving(self) -> list[int]:
        return [httpx.get(f"{each.url}/readyz").json()["index"] for each in self.replicas]

    def ask(self, text: str, thread: str | None = None) -> str:
        ts = self.slack.say("ana", "ml", f"@bot {text}", thread)
        (answer,) = self.slack.wait_answer(ts)
        return ts if thread is None else answer.text


def within(seconds: float, holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, "it took too long"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture
def stand(tmp_path: Path, postgres_url: str) -> Iterator[Stand]:
    small, home, environment = on_small_knowledge(tmp_path)
    with Slack() as slack:
        slack.channel("ml", members=["ana"])
        replicas = [Serve(slack, home, postgres_url, environment=environment) for _ in range(2)]
        try:
            for each in replicas:
                each.start()
            slack.connect(replicas[0].url)
            yield Stand(slack, small, replicas)
        finally:
            for each in replicas:
                if each.process is not None and each.process.poll() is None:
                    each.kill()


def answer_to(stand: Stand, ts: str) -> str:
    (answer,) = stand.slack.wait_answer(ts)
    return answer.text


def test_promoted_and_rolled_back_while_it_serves(stand: Stand):
    slack = stand.slack
    old = stand.ask(MONDAYS)
    assert answer_to(stand, old).startswith("Trouble ORG-01")
    stand.rename("Trouble with a new name")
    assert "Index 2 serves now." in stand.triage("index", "refresh", "--yes")
    took = within(WITHIN_S, lambda: stand.serving() == [2, 2])
    print(f"both replicas answer from index 2 after {took:.1f} s")
    new = stand.ask(MONDAYS)
    assert answer_to(stand, new).startswith("Trouble with a new name")
    again = slack.say("ana", "ml", "@bot TEC-01 hurts on mondays, and ORG-01 hurts on tuesdays", thread=old)
    slack.wait_for(lambda: len(slack.wait_answer(old, count=2)) == 2)
    assert again
    texts = [line.text for line in slack.wait_answer(old, count=2)]
    assert not any("a new name" in text for text in texts), texts
    assert "Index 1 serves, in the place of 2." in stand.triage("index", "rollback")
    within(WITHIN_S, lambda: stand.serving() == [1, 1])
    assert answer_to(stand, stand.ask(MONDAYS)).startswith("Trouble ORG-01")


def test_a_replica_that_starts_later_takes_what_serves(stand: Stand):
    first, second = stand.replicas
    second.kill()
    stand.rename("Trouble two")
    stand.triage("index", "refresh", "--yes")
    within(WITHIN_S, lambda: httpx.get(f"{first.url}/readyz").json()["index"] == 2)
    second.start()
    assert stand.serving() == [2, 2]
