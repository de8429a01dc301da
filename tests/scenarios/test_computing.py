"""The process that thinks: replaced when it dies, gone when the one that serves is."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.processes import Serve
from tests.standins.slack import Slack

APPROVAL = "legal needs six weeks for every model update"


@pytest.fixture
def serve(own_home: Path) -> Iterator[Serve]:
    with Slack() as slack:
        serve = Serve(slack, own_home).start()
        slack.connect(serve.url)
        slack.channel("ml", members=["ana"])
        try:
            yield serve
        finally:
            if serve.process is not None and serve.process.poll() is None:
                serve.kill()


def thinking(serve: Serve) -> list[int]:
    """The children that compute, by their command line."""
    assert serve.process is not None
    pids = subprocess.run(["pgrep", "-P", str(serve.process.pid)], capture_output=True, text=True).stdout.split()
    return [int(pid) for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_alive(pid: int) -> bool:
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_one_that_was_killed_is_replaced_and_nothing_is_lost(serve: Serve):
    slack = serve.slack
    asked = [slack.say("ana", "ml", f"@bot {APPROVAL}") for _ in range(3)]
    for pid in thinking(serve):
        os.kill(pid, signal.SIGKILL)
    asked.append(slack.say("ana", "ml", f"@bot {APPROVAL}"))
    for ts in asked:
        (answer,) = slack.wait_answer(ts, timeout_s=40)
        assert "Approval and change processes" in answer.text


def test_it_ends_with_the_one_that_serves(serve: Serve):
    slack = serve.slack
    slack.wait_answer(slack.say("ana", "ml", f"@bot {APPROVAL}"))
    children = thinking(serve)
    assert len(children) == 1
    serve.kill()
    until = time.monotonic() + 10
    while any(map(is_alive, children)):
        assert time.monotonic() < until, "the process that thinks outlives the one that serves"
        time.sleep(0.1)


def test_it_ends_in_order_when_asked_to(serve: Serve):
    children = thinking(serve)
    assert serve.stop() == 0
    assert not any(map(is_alive, children))
