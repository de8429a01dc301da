"""The command in processes of its own: at once, interrupted, killed, out of room."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.index.desk import BOOKKEEPING

ASK = ["ask", "our releases wait three weeks for a security review"]
FIRST_RUN = "First run: building the knowledge index."


def started(home: Path, cwd: Path, *arguments: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    return subprocess.Popen(
        [sys.executable, "-c", "from bot.cli import main; main()", *arguments],
        env=environment | {"TRIAGE_HOME": str(home)},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def wait_for_a_build(home: Path, process: subprocess.Popen[str]) -> None:
    give_up_at = time.monotonic() + 60
    while not list(home.glob("index/.building-*")):
        assert process.poll() is None, ended(process)
        assert time.monotonic() < give_up_at
        time.sleep(0.005)


def index_entries(home: Path) -> list[str]:
    return sorted(entry.name for entry in (home / "index").iterdir() if entry.name not in BOOKKEEPING)


def test_two_at_once_on_an_empty_home_both_answer_and_one_builds(tmp_path: Path):
    home = tmp_path / "home"
    (code, out, err), (other_code, other_out, other_err) = map(
        ended, [started(home, tmp_path, *ASK), started(home, tmp_path, *ASK)]
    )
    assert (code, other_code) == (0, 0), err + other_err
    assert out == other_out != ""
    assert sorted([err.strip(), other_err.strip()]) == ["", FIRST_RUN]
    assert index_entries(home) == ["1", "current"]


def test_an_interrupted_first_build_leaves_nothing(tmp_path: Path):
    home = tmp_path / "home"
    process = started(home, tmp_path, *ASK)
    wait_for_a_build(home, process)
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, "", f"{FIRST_RUN}\nInterrupted. Nothing was changed.\n")
    assert index_entries(home) == []


def test_a_killed_builder_blocks_nobody_and_its_remains_are_cleared_away(tmp_path: Path):
    home = tmp_path / "home"
    process = started(home, tmp_path, *ASK)
    wait_for_a_build(home, process)
    process.kill()
    assert ended(process)[0] == -signal.SIGKILL
    assert any(name.startswith(".building-") for name in index_entries(home))
    code, out, err = ended(started(home, tmp_path, *ASK))
    assert (code, err) == (0, f"{FIRST_RUN}\n")
    assert out
    assert index_entries(home) == ["1", "current"]


def largest_file(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [0, 200_000, 3_400_000])
def test_a_full_disk_is_one_sentence(tmp_path: Path, size: int):
    home = tmp_path / "home"
    code, out, err = ended(started(home, tmp_path, *ASK, limit=largest_file(size)))
    said = err.removeprefix(f"{FIRST_RUN}\n")
    assert (code, out) == (1, "")
    assert said.count("\n") == 1
    assert said.startswith(f"Cannot write to {home}/index: ")
    assert said.endswith("Make room or set TRIAGE_HOME to a folder that takes files. What was there is unchanged.\n")
    assert index_entries(home) == []


def test_a_refresh_on_a_full_disk_leaves_what_serves(own_home: Path, tmp_path: Path):
    (own_home / "index" / "1" / "phrases.npy").unlink()
    before = index_entries(own_home)
    code, _, err = ended(started(own_home, tmp_path, "index", "refresh", limit=largest_file(2_000_000)))
    assert code == 1
    assert err.startswith(f"Cannot write to {own_home}/index: ")
    assert index_entries(own_home) == before


@pytest.mark.parametrize("under", ["", "below"])
def test_a_home_that_is_a_file_is_one_sentence(tmp_path: Path, under: str):
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / under
    code, out, err = ended(started(home, tmp_path, *ASK))
    assert (code, out) == (1, "")
    assert err == (
        f"Cannot write to {home}/index: it is not a directory. "
        "Make room or set TRIAGE_HOME to a folder that takes files. What was there is unchanged.\n"
    )


def test_asking_on_a_built_home_tells_nothing_and_builds_nothing(own_home: Path, tmp_path: Path):
    code, out, err = ended(started(own_home, tmp_path, *ASK))
    assert (code, err) == (0, "")
    assert out
    assert index_entries(own_home) == ["1", "current"]


def test_status_names_what_serves(own_home: Path, tmp_path: Path):
    code, out, err = ended(started(own_home, tmp_path, "index", "status"))
    assert (code, err) == (0, "")
    assert out.startswith("Index 1, built 20")
    assert out.endswith("Versions kept: 1.\nThe knowledge files are as they were when it was built.\n")
