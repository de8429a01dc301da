"""What takes minutes: run by `make soak`. Small versions are in test_index.py and test_processes.py."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.index.version_store import VersionStore
from tests.index.desk import Desk

pytestmark = pytest.mark.soak
ASK = [sys.executable, "-c", "from bot.cli import main; main()", "ask", "our releases wait three weeks for security"]


def test_a_hundred_refreshes_leave_the_index_as_large_as_three_did(desk: Desk):
    before, sizes = "Something holds ORG-01 back.", []
    for number in range(2, 102):
        now = f"Something holds ORG-01 back, {number} times."
        desk.small.edit("barriers/ORG-01.yaml", before, now)
        desk.refresh()[0].close()
        sizes.append(_size(desk.home / "index"))
        before = now
    assert VersionStore(desk.home).numbers() == [99, 100, 101]
    assert sizes[-1] <= 1.05 * sizes[3]


def test_twenty_builders_killed_at_any_moment_lose_nothing(tmp_path: Path):
    environment, moments = {**os.environ, "TRIAGE_HOME": str(tmp_path / "home")}, random.Random(1)
    for _ in range(20):
        process = subprocess.Popen(ASK, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.3, 4.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(ASK, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "home" / "index").glob(".building-*"))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
