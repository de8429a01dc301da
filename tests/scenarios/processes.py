"""`triage serve` as a process of its own: to be killed, restarted, measured from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.knowledge.small import Small, write_small
from tests.standins.slack import Slack

READY_WITHIN_S = 60.0
PROGRAM = "from bot.cli import main; main()"


def on_small_knowledge(folder: Path) -> tuple[Small, Path, dict[str, str]]:
    """A small knowledge folder, an empty home, and the environment of who serves the one from the other."""
    small = write_small(folder / "knowledge")
    home = folder / "home"
    home.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TRIAGE_KNOWLEDGE": str(small.path)}
    return small, home, environment | {"PYTHONPATH": str(Path(__file__).parents[2])}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Serve:
    """A replica. `start` after `kill` is the same replica: same port, same home."""

    slack: Slack
    home: Path
    database_url: str | None = None
    port: int = field(default_factory=free_port)
    log: Path | None = None
    environment: dict[str, str] | None = None
    """Beside what it needs to find Slack, its home and its store; else what is kept of the test's own."""
    under: Sequence[str] = ()
    """What runs it, such as a tracer."""
    program: str = PROGRAM
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, ready: bool = True) -> Serve:
        kept = {"PATH", "HOME", "LANG", "TMPDIR"}
        given = self.environment or {name: value for name, value in os.environ.items() if name in kept}
        environment = given | {
            "SLACK_BOT_TOKEN": self.slack.token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_API_BASE_URL": self.slack.base_url,
            "TRIAGE_HOME": str(self.home),
            "PORT": str(self.port),
            "DATABASE_URL": self.database_url or "",
        }
        log = (self.log or self.home / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [*self.under, sys.executable, "-c", self.program, "serve"],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
        )  # fmt: skip
        log.close()
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            assert self.process is not None and self.process.poll() is None, "it ended before it was ready"
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise TimeoutError("not ready")

    @property
    def shell_environment(self) -> dict[str, str]:
        """What `triage` needs at a shell of its machine."""
        assert self.environment is not None
        return self.environment | {"TRIAGE_HOME": str(self.home), "DATABASE_URL": self.database_url or ""}

    def triage(self, *arguments: str, may_fail: bool = False) -> str:
        """Run `triage` at a shell of its machine; what it says."""
        command = [sys.executable, "-c", PROGRAM, *arguments]
        done = subprocess.run(
            command, env=self.shell_environment, cwd=self.home, capture_output=True, text=True, timeout=120
        )
        assert may_fail or done.returncode == 0, done.stderr
        return done.stdout

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)
