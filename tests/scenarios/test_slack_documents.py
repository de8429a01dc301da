"""An organisation's documents in Slack: cited in the rooms that may read them, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from bot.channels.slack import words
from bot.knowledge import packaged_knowledge
from bot.settings import Settings
from bot.wiring import encoder_of, open_index, sources_of
from tests.conftest import TODAY
from tests.documents.made import APPROVAL, LUNCH
from tests.scenarios.serving import served
from tests.standins.slack import Slack

ASKED = "legal needs six weeks for every model update"
EVERYBODYS, RESTRICTED = "Approval of model changes", "The waiver of the board"
WIKI = "https://wiki.example.org/handbook/"


def refreshed(settings: Settings) -> int:
    index = open_index(settings, encoder_of(settings))
    with index.building():
        number = index.build_candidate(index.compare(TODAY).source, lambda _what, _done: None)
    index.versions.promote(number)
    return number


def indexed(home: Path, folder: Path, channel: str, **more: Path) -> None:
    """Build what an admin would have: one folder for everybody, one for the channel."""
    settings = Settings(_env_file=None, triage_home=home, triage_embeddings=None, **more)
    sources = sources_of(settings)
    for name, text, channels in (("all", APPROVAL, []), ("some", APPROVAL, [channel]), ("food", LUNCH, [])):
        (folder / name).mkdir(parents=True)
        text = text.replace(EVERYBODYS, RESTRICTED) if channels else text
        (folder / name / "page.md").write_text(text, encoding="utf-8")
        sources.add(folder / name, link=f"{WIKI}{name}", channels=channels)
    refreshed(settings)


@pytest.fixture(scope="module", params=["with its own barriers", "with documents alone"])
def slack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    folder = tmp_path_factory.mktemp("documents")
    more = {}
    if request.param == "with its own barriers":
        more["triage_knowledge"] = copytree(packaged_knowledge(), folder / "knowledge")
    with Slack() as slack:
        slack.person("gus", guest=True)
        board = slack.channel("board", members=["ana", "gus"])
        slack.channel("other", members=["ana", "gus"])
        slack.channel("shared", members=["ana"], ext_shared=True)
        indexed(folder / "home", folder / "documents", board, **more)
        with served(slack, folder / "home", **more):
            yield slack


@pytest.mark.parametrize(
    ("person", "channel", "titles"),
    [
        ("ana", "board", {EVERYBODYS, RESTRICTED}),
        ("ana", "other", {EVERYBODYS}),
        ("gus", "other", set()),
        ("gus", "board", {RESTRICTED}),
        ("ana", "shared", set()),
    ],
)
def test_who_is_shown_which(slack: Slack, person: str, channel: str, titles: set[str]):
    ts = slack.say(person, channel, f"@bot {ASKED}")
    (answer,) = slack.wait_answer(ts, timeout_s=90)
    assert ("Your docs" in answer.text) is bool(titles)
    slack.press(person, answer, "More", wait=True)
    slack.settled(0.6)
    (answer,) = slack.answers_to(ts)
    assert {title for title in (EVERYBODYS, RESTRICTED) if title in answer.text} == titles
    assert "Cafeteria" not in answer.text
    assert (WIKI in str(answer.blocks)) is bool(titles)


def test_in_a_direct_message_one_reads_what_everybody_does(slack: Slack):
    (answer,) = slack.wait_answer(slack.say("ana", slack.dm("ana"), ASKED), timeout_s=60)
    assert EVERYBODYS in answer.text
    assert RESTRICTED not in answer.text


def test_a_private_answer_is_shared_without_them(slack: Slack):
    slack.command("ana", "other", words.COMMAND, ASKED).result(20)
    slack.wait_for(lambda: any(EVERYBODYS in line.text for line in slack.ephemerals("ana")), 60)
    private = slack.ephemerals("ana")[-1]
    assert EVERYBODYS in private.text
    before = len(slack.visible("other"))
    slack.press("ana", private, "Share with the channel", wait=True)
    slack.wait_for(lambda: len(slack.visible("other")) > before, 30)
    shared = slack.visible("other")[-1]
    assert "Approval and change processes" in shared.text
    assert EVERYBODYS not in shared.text
