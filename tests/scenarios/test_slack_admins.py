"""Admins refresh the index from Slack: compared, built, judged, promoted, rolled back; others are refused politely."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from bot.channels.slack import deliver, words
from bot.channels.slack.blocks import REASON
from bot.conversations.index_admin import REFUSED, UNDER_WAY
from bot.store import AuditLog, Database
from bot.store.tables import Audit
from tests.knowledge.small import Small, write_small
from tests.scenarios.processes import Serve
from tests.scenarios.serving import Served, served
from tests.standins.slack import Slack

MONDAYS = "ORG-01 hurts on mondays"
SWAPPED = (
    '{"kind": "vague", "text": "a pizza please", "themes": ["slow-processes", "business-value"]}\n'
    '{"kind": "out_far", "text": "our model is in a notebook and nobody deploys it"}\n'
)


@dataclass
class Desk:
    slack: Slack
    small: Small
    running: Served

    def rename(self, name: str) -> None:
        file = self.small.path / "barriers" / "ORG-01.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join([lines[0], f"name: {name}\n", *lines[2:]]), encoding="utf-8")

    def types(self, person: str, text: str, channel: str = "ml") -> str:
        """What this person alone is told."""
        before = len(self.slack.ephemerals(person))
        self.slack.command(person, channel, words.COMMAND, text).result(20)
        return "\n".join(line.text for line in self.slack.ephemerals(person)[before:])

    def refreshed(self, person: str = "ana") -> Any:
        """The direct message, once it offers something or says that there is nothing."""
        before = len(self.direct(person))
        assert self.types(person, "refresh") == UNDER_WAY
        self.slack.wait_for(
            lambda: len(lines := self.direct(person)) > before and not lines[-1].text.startswith("Building"), 90
        )
        return self.direct(person)[-1]

    def direct(self, person: str) -> list[Any]:
        return self.slack.visible(self.slack.dm(person))

    def answer(self) -> str:
        (line,) = self.slack.wait_answer(self.slack.say("ana", "ml", f"@bot {MONDAYS}"))
        return line.text.splitlines()[0]

    def acts(self) -> Sequence[Audit]:
        async def read(database: Database) -> Sequence[Audit]:
            async with database.reading() as session:
                return await AuditLog(session).latest(
                    ("index promoted", "index promoted against the gate", "index discarded", "index change refused",
                     "index refresh failed", "index rolled back", "index proposed"), 50,
                )  # fmt: skip

        return self.running.query(read)


@pytest.fixture
def desk(tmp_path: Path, small_home: tuple[Small, Path]) -> Iterator[Desk]:
    small = Small(copytree(small_home[0].path, tmp_path / "knowledge"))
    home = copytree(small_home[1], tmp_path / "home")
    with (
        Slack() as slack,
        served(slack, home, triage_knowledge=small.path, triage_admins=frozenset({"U0OPERATOR"})) as running,
    ):
        slack.person("ana", admin=True)
        slack.person("bo")
        slack.channel("ml", members=["ana", "bo"])
        yield Desk(slack, small, running)


@pytest.fixture(scope="module")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Small, Path]:
    folder = tmp_path_factory.mktemp("admins")
    small = write_small(folder / "knowledge")
    with Slack() as slack, served(slack, folder / "home", triage_knowledge=small.path):
        pass
    return small, folder / "home"


def test_refreshed_promoted_and_rolled_back(desk: Desk):
    slack = desk.slack
    assert desk.answer().startswith("Trouble ORG-01")
    desk.rename("Trouble with a new name")
    offer = desk.refreshed()
    assert offer.text.startswith("The gate lets index 2 through.")
    for said in ("changed  ORG-01: name", "Index 2 was built beside index 1", "measure", "are answered otherwise"):
        assert said in offer.text
    assert desk.answer().startswith("Trouble ORG-01")
    slack.press("ana", offer, "Promote").result(20)
    slack.wait_for(lambda: desk.direct("ana")[-1].text.startswith("Index 2 serves now.\n"))
    assert len(desk.direct("ana")) == 1
    slack.wait_for(lambda: desk.answer().startswith("Trouble with a new name"), 15)
    assert desk.types("ana", "rollback") == "Index 1 serves, in the place of 2."
    slack.wait_for(lambda: desk.answer().startswith("Trouble ORG-01"), 15)
    history = desk.types("ana", "history").splitlines()
    assert ["rolled back" in history[0], "promoted 2" in history[1], "proposed 2" in history[2]] == [True] * 3
    assert [act.actor for act in desk.acts()] == [slack.person("ana")] * 3


def test_the_gate_stops_and_a_reason_overrides(desk: Desk):
    slack = desk.slack
    (desk.small.path / "training" / "scope.jsonl").write_text(SWAPPED, encoding="utf-8")
    offer = desk.refreshed()
    assert offer.text.startswith("The gate stops index 2: it falls on ")
    slack.press("ana", offer, "Promote all the same").result(20)
    slack.wait_for(lambda: any("Give a reason" in line.text for line in slack.ephemerals("ana")))
    slack.fill("ana", offer, REASON, "the labels of <!channel> are being mended")
    slack.press("ana", offer, "Promote all the same").result(20)
    slack.wait_for(lambda: desk.direct("ana")[-1].text.startswith("Index 2 serves now, against the gate.\n"))
    act = desk.acts()[0]
    assert (act.act, act.details["reason"]) == (
        "index promoted against the gate",
        "the labels of <!channel> are being mended",
    )
    assert act.details["losses"]


def test_discarded(desk: Desk):
    desk.rename("Trouble that nobody wants")
    offer = desk.refreshed()
    desk.slack.press("ana", offer, "Discard").result(20)
    desk.slack.wait_for(lambda: desk.direct("ana")[-1].text.startswith("Index 2 is removed."))
    desk.slack.wait_for(lambda: any("Index 2 is removed." in line.text for line in desk.slack.ephemerals("ana")))
    assert desk.types("ana", "promote") == "No index waits to be promoted or discarded."
    assert desk.refreshed().text.startswith("The gate lets index 3 through.")


def test_nothing_to_build_and_knowledge_with_problems(desk: Desk):
    assert desk.refreshed().text == "Nothing to build: index 1 has what the knowledge files say."
    desk.small.edit("barriers/ORG-01.yaml", "theme:", "theem:")
    told = desk.refreshed()
    assert "in the knowledge files. What serves is unchanged." in told.text
    assert "theem" in told.text
    assert desk.acts()[0].act == "index refresh failed"


@pytest.mark.parametrize("typed", ["refresh", "rollback", "promote 2 because I say so", "discard", "history"])
def test_who_is_no_admin_is_refused_and_that_is_recorded(desk: Desk, typed: str):
    assert desk.types("bo", typed) == REFUSED
    assert desk.direct("bo") == []
    (act,) = desk.acts()
    assert (act.act, act.actor, act.details["what"]) == (
        "index change refused",
        desk.slack.person("bo"),
        typed.split()[0],
    )


def test_a_forged_press_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.rename("Trouble two")
    offer = desk.refreshed()
    desk.slack.person("ana", admin=False)
    monkeypatch.setattr(deliver, "ADMINS_KNOWN_FOR_S", 0.0)
    desk.slack.press("ana", offer, "Promote").result(20)
    desk.slack.wait_for(lambda: any(line.text == REFUSED for line in desk.slack.ephemerals("ana")))
    assert desk.acts()[0].act == "index change refused"


def test_one_whose_process_is_killed_while_it_builds_is_finished_after_the_start(
    tmp_path: Path, small_home: tuple[Small, Path]
):
    small = Small(copytree(small_home[0].path, tmp_path / "knowledge"))
    home = copytree(small_home[1], tmp_path / "home")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2]),
        "TRIAGE_KNOWLEDGE": str(small.path),
    }  # fmt: skip
    with Slack() as slack:
        serve = Serve(slack, home, environment=environment | {"TRIAGE_ADMINS": f"U0NOBODY, {slack.person('bo')}"})
        try:
            serve.start()
            slack.connect(serve.url)
            slack.channel("ml", members=["bo"])
            small.edit("barriers/ORG-01.yaml", "name: Trouble", "name: Real trouble")
            slack.command("bo", "ml", words.COMMAND, "refresh").result(20)
            slack.wait_for(lambda: list(home.glob("index/.building-*")), 60)
            serve.kill()
            serve.start()
            alone = slack.dm("bo")
            slack.wait_for(lambda: any("through." in each.text for each in slack.visible(alone)), 90)
            (offer,) = slack.visible(alone)
            slack.press("bo", offer, "Promote").result(20)
            slack.wait_for(lambda: slack.visible(alone)[0].text.startswith("Index"))
            assert not list(home.glob("index/.building-*"))
        finally:
            if serve.process is not None and serve.process.poll() is None:
                serve.kill()


@pytest.mark.parametrize("question", ["refresh of our models takes ages", "promote models by hand takes a week"])
def test_a_question_that_begins_like_a_command_is_a_question(desk: Desk, question: str):
    assert desk.types("bo", question) == ""
    desk.slack.wait_for(lambda: desk.slack.ephemerals("bo"))
