"""From questions without an answer to a barrier, and back to those who asked: seen in a launched process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.knowledge.small import Small
from tests.scenarios.processes import Serve, on_small_knowledge
from tests.standins.slack import Slack
from tests.workflows.test_schedule import EVERY_SECOND

SHIPS = (
    "on board there is no internet until we reach a harbour",
    "our ships get nothing new until they reach a harbour",
    "ships are offline until they are in port",
)
VPN = ("how do I reset my vpn password", "vpn password reset please", "password for the vpn expired")
PEOPLE = ("ana", "bo", "cy")
TELL_ME = "Tell me when you know more"
NAME = "Ships are out of reach"


@dataclass
class Stand:
    slack: Slack
    small: Small
    serve: Serve

    def ask(self, person: str, channel: str, text: str) -> str:
        ts = self.slack.say(person, channel, f"@bot {text}")
        self.slack.wait_answer(ts, timeout_s=30)
        self.slack.settled(0.4)
        return ts


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    small, home, environment = on_small_knowledge(tmp_path)
    with Slack() as slack:
        slack.channel("ml", members=PEOPLE)
        slack.channel("secret", members=PEOPLE, private=True)
        slack.channel("partners", members=PEOPLE, ext_shared=True)
        serve = Serve(slack, home, environment=environment, program=EVERY_SECOND).start()
        slack.connect(serve.url)
        try:
            yield Stand(slack, small, serve)
        finally:
            serve.kill()


def test_three_ask_one_drafts_and_those_who_wanted_to_hear_are_told(stand: Stand):
    slack = stand.slack
    asked = {person: stand.ask(person, "ml", text) for person, text in zip(PEOPLE, SHIPS, strict=True)}
    for person, text in zip(PEOPLE, VPN, strict=True):
        for channel in ("secret", "partners"):
            stand.ask(person, channel, text)
    for person in ("ana", "bo"):
        (answer,) = slack.answers_to(asked[person])
        slack.press(person, answer, TELL_ME, wait=True)
        slack.wait_for(lambda person=person: "I say so in this thread" in str(slack.ephemerals(person)))
    (answer,) = slack.answers_to(asked["cy"])
    slack.press("ana", answer, TELL_ME, wait=True)  # who asked decides

    (gap,) = [json.loads(line) for line in stand.serve.triage("gaps", "--json").splitlines()]
    assert (gap["questions"], gap["people"], gap["channels"]) == (3, 3, 1)
    shown = stand.serve.triage("gaps", "show", gap["key"])
    assert all(text in " ".join(shown.split()) for text in SHIPS)
    assert "vpn" not in shown
    drafted = stand.serve.triage("gaps", "draft", gap["key"], str(stand.small.path))
    path = Path(drafted.partition(".yaml")[0] + ".yaml")
    assert not any(text in path.read_text(encoding="utf-8") for text in SHIPS), "their words are theirs"

    barrier = next(stand.small.path.glob("barriers/TEC-01.yaml")).read_text(encoding="utf-8")
    theme = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("theme:"))
    lines = [
        f"id: {path.stem}" if line.startswith("id:")
        else f"name: {NAME}" if line.startswith("name:")
        else theme if line.startswith("theme:")
        else "provenance: extension" if line.startswith("provenance:")
        else "study_codes: []" if line.startswith("study_codes:")
        else "sources: [R03]" if line.startswith("sources:")
        else line.replace("TEC-01 hurts on", "at sea nothing reaches our ships on")
        for line in barrier.splitlines()
        if not line.startswith(("leads_to", "confusable", "caused_by")) and "why: so it goes" not in line
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    stand.serve.triage("index", "refresh", may_fail=True)  # the gate's messages are not made for so small a knowledge
    assert "serves now" in stand.serve.triage("index", "promote", "--reason", "it is made up")

    for person in ("ana", "bo"):
        slack.wait_for(lambda person=person: len(slack.answers_to(asked[person])) == 2, 30)
        _, told = slack.answers_to(asked[person])
        assert NAME in told.text
    slack.settled(2.5)
    assert [len(slack.answers_to(asked[person])) for person in PEOPLE] == [2, 2, 1]
    assert len([line for line in slack.visible("ml") if NAME in line.text]) == 2


def test_who_is_forgotten_is_told_nothing(stand: Stand):
    ts = stand.ask("ana", "ml", SHIPS[0])
    (answer,) = stand.slack.answers_to(ts)
    stand.slack.press("ana", answer, TELL_ME, wait=True)
    stand.slack.command("ana", "ml", "/mlops", "forget-me", wait=True)
    stand.slack.settled(0.5)
    store = stand.serve.home / "store.sqlite"
    with closing(sqlite3.connect(store)) as opened:
        assert opened.execute("select count(*) from agreements").fetchone() == (0,)
