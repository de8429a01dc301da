from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from bot.bot import Bot
from bot.cli import main
from bot.commands import ask, chat, evaluate
from bot.telemetry import TRACING_SWITCHES
from tests.scenarios.processes import PROGRAM
from tests.scenarios.serving import Served, served
from tests.standins.slack import Slack


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What was printed, however it was wrapped."""
        return " ".join(self.out.split())


class Typed(io.TextIOWrapper):
    """Standard input where a person sits."""

    def isatty(self) -> bool:
        return True


Triage = Callable[..., Ran]


@pytest.fixture
def triage(
    bot: Bot, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Triage:
    """`triage(*arguments, stdin=...)` through the whole command line in this process, on the shared bot."""
    monkeypatch.setenv("TRIAGE_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    for switch in TRACING_SWITCHES:
        monkeypatch.setenv(switch, "false")
    for command in (ask, chat, evaluate):
        monkeypatch.setattr(command, "open_bot", lambda: bot)

    def run(*arguments: str, stdin: str | bytes = b"", typed: bool = False) -> Ran:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        stream = (Typed if typed else io.TextIOWrapper)(io.BytesIO(raw), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stream)
        monkeypatch.setattr(sys, "argv", ["triage", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else int(code is not None), printed.out, printed.err)

    return run


@pytest.fixture
def spawn(home: Path, tmp_path: Path) -> Triage:
    """As `triage`, in a process of its own with nothing in its environment but what is given."""

    def run(*arguments: str, stdin: str | bytes = b"", program: str = PROGRAM, **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *arguments],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=tmp_path,
            env=bare_environment(home, tmp_path) | environment,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def bare_environment(home: Path, user_home: Path) -> dict[str, str]:
    root = str(Path(__file__).parents[2])
    return {"HOME": str(user_home), "PATH": os.environ["PATH"], "TRIAGE_HOME": str(home), "PYTHONPATH": root}


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    """A workspace of the module's own."""
    with Slack() as slack:
        yield slack


@pytest.fixture(scope="module")
def running(slack: Slack, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Served to it from a home of the module's own."""
    with served(slack, copytree(home, tmp_path_factory.mktemp("served") / "home")) as running:
        yield running


@pytest.fixture
def room(slack: Slack, running: Served, request: pytest.FixtureRequest) -> Iterator[str]:
    """A channel of the test's own, with ana and bo in it."""
    name = request.node.name[:70].replace("[", "-").replace("]", "")
    slack.channel(name, members=["ana", "bo"])
    yield name
    slack.heal()
