"""What runs by itself, seen to run in a launched process: nobody calls it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.processes import Serve
from tests.standins.slack import Slack

EVERY_SECOND = "import bot.workflows as w; w.EVERY_FIVE_MINUTES = '* * * * * *'; from bot.cli import main; main()"
LONG_AGO = "2026-01-01 00:00:00.000000"


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


def rows(file: Path, query: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect(file, timeout=30)) as opened, opened:
        return opened.execute(query, values).fetchall()


def test_the_tick_is_registered_every_five_minutes(slack: Slack, own_home: Path):
    serve = Serve(slack, own_home).start()
    try:
        found = rows(own_home / "workflows.sqlite", "select schedule_name, schedule, status from workflow_schedules")
    finally:
        serve.stop()
    assert found == [("tick", "*/5 * * * *", "ACTIVE")]


def test_an_old_turn_loses_its_words_though_nobody_asks_for_it(slack: Slack, own_home: Path):
    store = own_home / "store.sqlite"
    serve = Serve(slack, own_home, program=EVERY_SECOND).start()
    try:
        slack.connect(serve.url)
        slack.channel("ml", members=["ana"])
        ts = slack.say("ana", "ml", "@bot legal needs six weeks for every model update, says platypusmarker")
        slack.wait_answer(ts)
        slack.settled()
        assert rows(store, "select count(*) from messages where text like '%platypus%'") == [(1,)]
        rows(store, "update turns set received_at = ?", LONG_AGO)
        until = time.monotonic() + 30
        while rows(store, "select text from messages") != [(None,)]:
            assert time.monotonic() < until, "no retention within 30 s"
            time.sleep(0.2)
        assert rows(store, "select erased, barrier from turns") == [("expired", "ORG-08")]
    finally:
        serve.stop()
    assert not [file for file in own_home.rglob("*.sqlite*") if b"platypusmarker" in file.read_bytes()]


LOSES_ONE = """
import bot.conversations.inbox as i, bot.workflows as w
from datetime import timedelta
w.EVERY_FIVE_MINUTES, i.LOST_AFTER = '* * * * * *', timedelta(seconds=1)
start, lost = w.Workflows.start, []
async def starting(self, workflow, turn):
    if lost: await start(self, workflow, turn)
    lost.append(turn)
w.Workflows.start = starting
from bot.cli import main; main()
"""


def test_a_turn_whose_workflow_never_began_is_taken_up_by_the_tick(slack: Slack, own_home: Path):
    serve = Serve(slack, own_home, program=LOSES_ONE).start()
    try:
        slack.connect(serve.url)
        slack.channel("ml", members=["ana"])
        ts = slack.say("ana", "ml", "@bot legal needs six weeks for every model update")
        slack.wait_answer(ts, timeout_s=30)
        ended = rows(own_home / "workflows.sqlite", "select status from workflow_status where name = 'tick'")
        assert ("ERROR",) not in ended
    finally:
        serve.stop()


DIES_BETWEEN = """
import os, bot.workflows as w
async def start(self, workflow, turn): os._exit(9)
w.Workflows.start = start
from bot.cli import main; main()
"""


def test_a_crash_between_the_turn_and_its_workflow_is_mended_by_slacks_retry(slack: Slack, own_home: Path):
    slack.retry_delays_s = (1.0, 12.0, 30.0)
    serve = Serve(slack, own_home, program=DIES_BETWEEN).start()
    slack.connect(serve.url)
    slack.channel("ml", members=["ana"])
    ts = slack.say("ana", "ml", "@bot legal needs six weeks for every model update")
    assert serve.process is not None
    assert serve.process.wait(20) == 9
    assert rows(own_home / "store.sqlite", "select state, answered from turns") == [("received", 0)]
    serve.program = Serve.program
    serve.start()
    try:
        slack.wait_answer(ts, timeout_s=40)
        slack.settled(2)
        assert len(slack.answers_to(ts)) == 1
    finally:
        serve.stop()


def test_it_is_mended_without_a_retry_too(slack: Slack, own_home: Path):
    slack.retry_delays_s = ()
    serve = Serve(slack, own_home, program=DIES_BETWEEN).start()
    slack.connect(serve.url)
    slack.channel("ml", members=["ana"])
    ts = slack.say("ana", "ml", "@bot legal needs six weeks for every model update")
    assert serve.process is not None
    serve.process.wait(20)
    serve.program = EVERY_SECOND.replace(
        "w.EVERY", "import bot.conversations.inbox as i, datetime as d; i.LOST_AFTER = d.timedelta(seconds=2); w.EVERY"
    )
    serve.start()
    try:
        slack.wait_answer(ts, timeout_s=40)
    finally:
        serve.stop()


SWEEPS_SOON = """
import bot.workflows as w, datetime as d
w.SILENT_FOR, w.SWEEP_EVERY_S, w.BEAT_EVERY_S = d.timedelta(seconds=3), 1.0, 0.5
from bot.cli import main; main()
"""


def test_what_a_replica_left_that_never_returns_is_taken_up(slack: Slack, own_home: Path, postgres_url: str):
    gone = Serve(slack, own_home, postgres_url, program=SWEEPS_SOON).start()
    slack.connect(gone.url)
    slack.channel("ml", members=["ana"])
    slack.fail("chat.postMessage", *["503"] * 3)
    ts = slack.say("ana", "ml", "@bot legal needs six weeks for every model update", wait=True)
    slack.wait_for(lambda: slack.calls_of("chat.postMessage"))
    gone.kill()
    slack.heal()
    other = Serve(slack, own_home, postgres_url, program=SWEEPS_SOON).start()
    try:
        slack.connect(other.url)
        slack.wait_answer(ts, timeout_s=60)
        slack.settled(1)
        assert len(slack.answers_to(ts)) == 1
    finally:
        other.stop()


def test_what_dbos_keeps_of_old_work_goes_too(slack: Slack, own_home: Path):
    state = own_home / "workflows.sqlite"
    serve = Serve(slack, own_home, program=EVERY_SECOND).start()
    try:
        slack.connect(serve.url)
        slack.channel("ml", members=["ana"])
        ts = slack.say("ana", "ml", "@bot legal needs six weeks for every model update")
        slack.wait_answer(ts)
        reply = "select count(*) from workflow_status where name = 'reply'"
        until = time.monotonic() + 30
        while rows(state, f"{reply} and status = 'SUCCESS'") != [(1,)]:
            assert time.monotonic() < until
            time.sleep(0.1)
        rows(state, "update workflow_status set completed_at = 1, updated_at = 1 where name = 'reply'")
        while rows(state, reply) != [(0,)]:
            assert time.monotonic() < until, "not pruned within 30 s"
            time.sleep(0.2)
    finally:
        serve.stop()
