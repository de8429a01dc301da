"""What takes many minutes: an index refreshed a hundred times, or killed at any moment, while people ask.

Run by `make soak`; small versions are in test_index_swap.py and test_slack_admins.py.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import select

from bot.index.version_store import VersionStore
from bot.store import Database
from bot.store.tables import Turn
from tests.knowledge.small import Small
from tests.scenarios.processes import PROGRAM, Serve, on_small_knowledge
from tests.standins.slack import Slack

pytestmark = pytest.mark.soak

REFRESHES, KILLS, PER_S = 100, 30, 5
CHANNELS = [f"team{number}" for number in range(20)]
"""Slack takes one message a second in each."""
QUESTIONS = ("ORG-01 hurts on mondays", "ORG-01 hurts on fridays", "TEC-01 hurts on tuesdays")
STEPS = 6
"""Into how many parts a build's time is cut: each is killed in as often as the others."""


@dataclass
class Stand:
    slack: Slack
    small: Small
    serve: Serve
    asked: list[str]
    names: dict[int, str]
    """What each version calls the first barrier."""

    def note_names(self) -> None:
        for number in VersionStore(self.serve.home).numbers():
            if number not in self.names:
                knowledge = json.loads((self.serve.home / "index" / str(number) / "knowledge.json").read_bytes())
                self.names[number] = next(each["name"] for each in knowledge["barriers"] if each["id"] == "ORG-01")

    def triage(self, *arguments: str) -> subprocess.Popen[str]:
        command, pipe = [sys.executable, "-c", PROGRAM, *arguments], subprocess.PIPE
        home, environment = self.serve.home, self.serve.shell_environment
        return subprocess.Popen(command, env=environment, cwd=home, stdout=pipe, stderr=pipe, text=True)

    def rename(self, number: int) -> None:
        """Give the first barrier another name."""
        file = self.small.path / "barriers" / "ORG-01.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join([lines[0], f"name: The name of {number}\n", *lines[2:]]), encoding="utf-8")

    def turns(self) -> list[Turn]:
        async def read() -> list[Turn]:
            database = Database(self.serve.home)
            try:
                async with database.reading() as session:
                    return list(await session.scalars(select(Turn)))
            finally:
                await database.close()

        return asyncio.run(read())

    def sizes(self) -> dict[str, float]:
        """MB of the index and of the store."""
        files = [file for file in self.serve.home.rglob("*") if file.is_file()]
        index = sum(file.stat().st_size for file in files if "index" in file.relative_to(self.serve.home).parts[:1])
        store = sum(file.stat().st_size for file in files if file.name.startswith(("store.", "workflows.")))
        return {"index": index / 1e6, "store": store / 1e6}


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    small, home, environment = on_small_knowledge(tmp_path)
    with Slack() as slack:
        for channel in CHANNELS:
            slack.channel(channel, members=["ana"])
        serve = Serve(slack, home, environment=environment)
        stand = Stand(slack, small, serve, [], {})
        stand.rename(1)
        serve.start()
        slack.connect(serve.url)
        ended = Event()

        def asking() -> None:
            due, chosen = time.monotonic(), random.Random(1)
            while not ended.is_set():
                channel = CHANNELS[len(stand.asked) % len(CHANNELS)]
                stand.asked.append(slack.say("ana", channel, f"@bot {chosen.choice(QUESTIONS)}"))
                due += 1 / PER_S
                time.sleep(max(0.0, due - time.monotonic()))

        thread = Thread(target=asking, daemon=True)
        thread.start()
        try:
            yield stand
        finally:
            ended.set()
            thread.join(10)
            serve.kill()


def all_answered(stand: Stand) -> dict[str, int]:
    """Every question has its one answer, and what it says is of the version that it names."""
    asked = list(stand.asked)
    deadline = time.monotonic() + 120
    while missing := [ts for ts in asked if not stand.slack.answers_to(ts)]:
        assert time.monotonic() < deadline, f"{len(missing)} of {len(asked)} were not answered"
        time.sleep(1)
    assert [ts for ts in asked if len(stand.slack.answers_to(ts)) != 1] == []
    turns = [turn for turn in stand.turns() if turn.reply is not None]
    mixed = 0
    for turn in turns:
        named = re.search(r"The name of \d+", json.dumps(turn.reply))
        mixed += named is not None and named[0] != stand.names[turn.index_version or 0]
    actions = Counter(turn.action for turn in turns)
    assert actions["failed"] == mixed == 0
    return {"asked": len(asked), "answered": sum(actions.values()), "versions": len({t.index_version for t in turns})}


def test_a_hundred_refreshes_while_people_ask(stand: Stand):
    stand.note_names()
    sizes = {1: stand.sizes()}
    for refresh in range(1, REFRESHES + 1):
        stand.rename(refresh + 1)
        process = stand.triage("index", "refresh", "--yes")
        said, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint
        assert f"Index {refresh + 1} serves now" in said
        stand.note_names()
        if refresh in (3, 50, 100):
            sizes[refresh] = stand.sizes()
    found = all_answered(stand)
    print(f"\n{REFRESHES} refreshes under {PER_S} questions a second: {found}, 0 failed, 0 mixed")
    for refresh, size in sizes.items():
        print(f"after {refresh:3} refreshes: index {size['index']:.1f} MB, store {size['store']:.1f} MB")
    assert sizes[100]["index"] <= 2 * sizes[3]["index"]
    kept = VersionStore(stand.serve.home).numbers()
    print(f"kept: {kept}")
    assert kept[-3:] == [99, 100, 101]
    assert len(kept) <= 5, "one that is read still is dropped another time"


def test_a_build_killed_at_each_step(stand: Stand):
    stand.note_names()
    began = time.monotonic()
    stand.rename(2)
    whole = stand.triage("index", "refresh", "--yes")
    whole.communicate(timeout=120)
    assert whole.returncode == 0
    took = time.monotonic() - began
    moments, killed = random.Random(2), Counter[str]()
    for number in range(KILLS):
        step = number % STEPS
        stand.rename(number + 3)
        process = stand.triage("index", "refresh", "--yes")
        time.sleep(took * (step + moments.random()) / STEPS)
        builder = VersionStore(stand.serve.home).builder()
        process.kill()
        process.communicate(timeout=10)
        stand.note_names()
        killed[builder.what if builder and builder.what else "before or after the build"] += 1
        asked = stand.slack.say("ana", CHANNELS[0], f"@bot {QUESTIONS[0]}")
        stand.slack.wait_answer(asked, timeout_s=30)
        again = stand.triage("index", "refresh", "--yes", "--force")
        _, complaint = again.communicate(timeout=120)
        assert again.returncode == 0, complaint
        stand.note_names()
        left = [entry.name for entry in (stand.serve.home / "index").iterdir() if entry.name.startswith(".building")]
        assert left == []
    found = all_answered(stand)
    print(f"\n{KILLS} builds killed, each rerun ended well: {found}, 0 failed, 0 mixed; killed while: {dict(killed)}")
