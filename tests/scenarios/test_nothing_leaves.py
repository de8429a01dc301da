"""Nothing leaves the machine and nothing is written but under TRIAGE_HOME, by Python or by native code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.processes import Serve
from tests.scenarios.traced import outside, traced, why_not
from tests.standins.slack import Slack

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from bot.cli import main; main()"]
PHONES_HOME = {
    "LANGSMITH_TRACING": "true",
    "LANGSMITH_API_KEY": "x",
    "ANONYMIZED_TELEMETRY": "True",
    "CHROMA_OTEL_COLLECTION_ENDPOINT": "http://203.0.113.7:4317",
    "CHROMA_OTEL_GRANULARITY": "all",
    "ORT_DISABLE_TELEMETRY": "0",
    "DBOS__CLOUD": "true",
    "DBOS__CONDUCTOR_APP_NAME": "x",
    "DBOS__CONDUCTOR_KEY": "x",
    "DBOS__CONDUCTOR_URL": "ws://203.0.113.7",
}
"""What would make each dependency phone home, if it were heeded. 203.0.113.0/24 is nobody's."""
LIVES_S = 6.0
"""Its sender wakes up after some seconds only."""


def environment(user_home: Path) -> dict[str, str]:
    return PHONES_HOME | {
        "HOME": str(user_home),
        "PATH": os.environ["PATH"],
        "TRIAGE_HOME": str(user_home / "triage"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture
def user_home(tmp_path: Path) -> Path:
    (home := tmp_path / "user").mkdir()
    return home


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


def strays(user_home: Path) -> list[str]:
    """What was written outside TRIAGE_HOME."""
    return [
        str(found.relative_to(user_home))
        for found in user_home.rglob("*")
        if user_home / "triage" not in [found, *found.parents]
    ]


def test_building_asking_and_serving_write_nothing_elsewhere_and_connect_nowhere(
    user_home: Path, tmp_path: Path, slack: Slack
):
    asked, served, cannot_trace = tmp_path / "ask.strace", tmp_path / "serve.strace", why_not()
    program = [*PROGRAM, "ask", "gpus sit idle"]
    command = program if cannot_trace else traced(program, asked)
    subprocess.run(command, env=environment(user_home), cwd=user_home, check=True, timeout=300)
    assert strays(user_home) == []
    under = () if cannot_trace else traced([], served)
    serve = Serve(slack, user_home / "triage", environment=environment(user_home), under=under).start()
    try:
        slack.connect(serve.url)
        slack.channel("ml", members=["ana"])
        slack.wait_answer(slack.say("ana", "ml", "@bot legal needs six weeks for every model update"))
        time.sleep(LIVES_S)
    finally:
        assert serve.stop() == 0
    assert strays(user_home) == []
    if cannot_trace:
        pytest.skip(f"what was written was looked at; what native code tries to send was not: {cannot_trace}")
    assert (outside(asked), outside(served)) == ([], [])


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_the_tracer_sees_what_tries_to_leave(tmp_path: Path):
    log = tmp_path / "seen.strace"
    program = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('203.0.113.7', 9))"
    subprocess.run(traced([sys.executable, "-c", program], log), check=True, timeout=60)
    assert len(outside(log)) == 1
