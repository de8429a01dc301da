"""When Slack or the store is away, slow, or somebody else answers in its place: delayed, never lost, never doubled."""

from __future__ import annotations

import re
import resource
import subprocess
import time
from pathlib import Path
from shutil import which

import pytest

from tests.scenarios.processes import Serve
from tests.scenarios.serving import Served
from tests.standins.postgres import fresh_database, needed, serving_postgres
from tests.standins.slack import Slack

APPROVAL = "legal needs six weeks for every model update"
COSTS = "half our cloud budget goes on idle GPUs, nobody switches them off at night and nobody reads the bill"
LATE_S = 60.0
"""A delayed step is tried again every five seconds."""


def said_by_the_bot(slack: Slack, person: str) -> list[str]:
    """In this person's direct conversation."""
    return [line.text for line in slack.visible(slack.dm(person), viewer=person) if line.author == "bot"]


def test_refused_blocks_become_text_that_is_seen_once(slack: Slack, room: str):
    slack.fail("chat.postMessage", "error:invalid_blocks")
    ts = slack.say("ana", room, f"@bot {APPROVAL}")
    (answer,) = slack.wait_answer(ts)
    assert "Approval and change processes do not fit models" in answer.text
    assert not answer.blocks
    slack.settled()
    assert len(slack.answers_to(ts)) == 1
    assert said_by_the_bot(slack, "ana") == []


def test_refused_blocks_of_a_replacement_become_text_in_its_place(slack: Slack, room: str):
    ts = slack.say("ana", room, f"@bot {APPROVAL}")
    (answer,) = slack.wait_answer(ts)
    slack.fail("chat.update", "error:invalid_blocks")
    slack.press("ana", answer.ts, "More", wait=True)
    slack.wait_for(lambda: slack.answers_to(ts)[0].versions == 2)
    slack.settled()
    assert "Ask the team" in slack.message(answer.ts).text
    assert said_by_the_bot(slack, "ana") == []


def test_text_whose_reply_was_lost_is_found_again(slack: Slack, room: str, running: Served):
    slack.fail("chat.postMessage", "error:invalid_blocks", "drop-after")
    before = running.counted("found after a restart")
    ts = slack.say("ana", room, f"@bot {APPROVAL}")
    slack.wait_for(lambda: running.counted("found after a restart") > before, timeout_s=LATE_S)
    slack.settled()
    assert len(slack.answers_to(ts)) == 1


@pytest.mark.parametrize("page", ["html:200", "html:302", "html:403", "html:404"])
def test_a_page_in_slacks_place_delays_an_answer(slack: Slack, room: str, page: str):
    slack.fail("chat.postMessage", page)
    ts = slack.say("ana", room, f"@bot {APPROVAL}")
    slack.wait_answer(ts, timeout_s=LATE_S)
    slack.settled()
    assert len(slack.answers_to(ts)) == 1


@pytest.mark.parametrize("page", ["html:200", "html:404"])
def test_a_page_in_the_place_of_a_private_reply_delays_it(slack: Slack, room: str, page: str):
    seen = len(slack.ephemerals("bo"))
    slack.fail("response_url", page)
    slack.command("bo", room, "/mlops", COSTS, wait=True)
    slack.wait_for(
        lambda: any("Compute and platform costs" in line.text for line in slack.ephemerals("bo")[seen:]),
        timeout_s=LATE_S,
    )
    assert said_by_the_bot(slack, "bo") == []


def test_a_page_at_the_start_is_no_wrong_token(own_home: Path):
    with Slack() as slack:
        slack.fail("auth.test", *["html:403"] * 2)
        serve = Serve(slack, own_home).start()
        try:
            slack.connect(serve.url)
            slack.wait_for(lambda: any(call.fault == "ok" for call in slack.calls_of("auth.test")), timeout_s=LATE_S)
            slack.channel("later", members=["ana"])
            slack.wait_answer(slack.say("ana", "later", f"@bot {APPROVAL}"), timeout_s=LATE_S)
        finally:
            serve.kill()


AWAY_WHILE_ANSWERING = """
import time, bot.conversations.answering as a
from sqlalchemy.exc import OperationalError
load, first = a.Answering._load, []
async def away(self, turn):
    first.append(time.monotonic())
    if time.monotonic() - first[0] < 3:
        raise OperationalError("select", {}, Exception("the store is away"))
    return await load(self, turn)
a.Answering._load = away
from bot.cli import main; main()
"""


def test_a_store_that_is_away_just_then_delays_the_answer(own_home: Path):
    with Slack() as slack:
        serve = Serve(slack, own_home, program=AWAY_WHILE_ANSWERING).start()
        try:
            slack.connect(serve.url)
            answered_once(slack, ask_many(slack, 3, every_s=0.05))
        finally:
            serve.kill()


def test_a_store_that_is_away_for_a_while_loses_nothing(own_home: Path):
    needed()
    with serving_postgres() as postgres, Slack() as slack:
        slack.retry_delays_s = (0.5, 6.0, 20.0)
        serve = Serve(slack, own_home, fresh_database(postgres.url)).start()
        try:
            slack.connect(serve.url)
            asked = ask_many(slack, 24, every_s=0.01)  # most of them are acknowledged and not answered when it goes
            postgres.stop()
            asked += ask_many(slack, 4, every_s=0.2, first=24)
            time.sleep(6)
            postgres.start()
            answered_once(slack, asked)
        finally:
            serve.kill()


@pytest.mark.skipif(which("prlimit") is None, reason="prlimit is not installed")
def test_a_full_disk_loses_nothing_that_was_acknowledged(own_home: Path):
    with Slack() as slack:
        slack.retry_delays_s = (0.5, 8.0, 20.0)
        serve = Serve(slack, own_home).start()
        try:
            slack.connect(serve.url)
            asked = ask_many(slack, 24, every_s=0.01)
            limit_files(serve, 4096)
            asked += ask_many(slack, 3, every_s=0.2, first=24)
            time.sleep(6)
            limit_files(serve, resource.RLIM_INFINITY)
            answered_once(slack, asked)
        finally:
            serve.kill()


def ask_many(slack: Slack, number: int, *, every_s: float, first: int = 0) -> list[str]:
    asked = []
    for n in range(first, first + number):
        slack.channel(f"room-{n}", members=[f"person{n}"])
        asked.append(slack.say(f"person{n}", f"room-{n}", f"@bot {APPROVAL}"))
        time.sleep(every_s)
    return asked


def answered_once(slack: Slack, asked: list[str]) -> None:
    """Whatever was acknowledged has one answer that is an answer."""
    slack.wait_for(lambda: all(slack.answers_to(ts) for ts in asked), timeout_s=LATE_S)
    slack.settled(2)
    assert [len(slack.answers_to(ts)) for ts in asked] == [1] * len(asked)
    assert ["Approval" in slack.answers_to(ts)[0].text for ts in asked] == [True] * len(asked)


def limit_files(serve: Serve, most: int) -> None:
    """As a full disk: no file may grow beyond this."""
    assert serve.process is not None
    soft = "unlimited" if most == resource.RLIM_INFINITY else str(most)
    subprocess.run(["prlimit", "--pid", str(serve.process.pid), f"--fsize={soft}:unlimited"], check=True)


THINKING_FAILS = """
import bot.computing as c
think, failed = c.Computing.think, []
async def failing(self, asked):
    if len(failed) < {times}:
        failed.append(asked)
        raise RuntimeError("a secret of the asker")
    return await think(self, asked)
c.Computing.think = failing
from bot.cli import main; main()
"""


@pytest.mark.parametrize(("times", "says"), [(2, "Approval and change processes"), (9, "something failed on my side")])
def test_thinking_that_fails_is_tried_again_and_then_told(own_home: Path, tmp_path: Path, times: int, says: str):
    with Slack() as slack:
        log = tmp_path / "log"
        serve = Serve(slack, own_home, program=THINKING_FAILS.format(times=times), log=log).start()
        try:
            slack.connect(serve.url)
            slack.channel("ml", members=["ana"])
            (answer,) = slack.wait_answer(slack.say("ana", "ml", f"@bot {APPROVAL}"), timeout_s=LATE_S)
            assert says in answer.text
            assert "secret" not in answer.text
            if reference := re.search(r"reference (\w{8})", answer.text):
                assert reference[1] in log.read_text()
        finally:
            serve.kill()
