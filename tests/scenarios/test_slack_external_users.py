"""Guests and people of other organisations never read what an organisation has written into its own knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from bot.knowledge import packaged_knowledge
from tests.scenarios.serving import served
from tests.standins.slack import Slack

APPROVAL = "legal needs six weeks for every model update"
OURS, EVERYBODYS = "The Thursday board of Example Ltd", "Approval and change processes do not fit models"


@pytest.fixture(scope="module")
def slack(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slack]:
    folder = tmp_path_factory.mktemp("external_users")
    knowledge = copytree(packaged_knowledge(), folder / "knowledge")
    barrier = knowledge / "barriers" / "ORG-08.yaml"
    text = barrier.read_text(encoding="utf-8")
    assert f"name: {EVERYBODYS}\n" in text
    barrier.write_text(text.replace(EVERYBODYS, OURS), encoding="utf-8")
    with Slack() as slack, served(slack, folder / "home", triage_knowledge=knowledge):
        slack.person("gus", guest=True)
        slack.person("solo", guest="single")
        slack.person("zoe", team="T0ELSE")
        slack.channel("inside", members=["ana", "gus", "solo", "zoe"])
        slack.channel("shared", members=["ana"], ext_shared=True)
        yield slack


@pytest.mark.parametrize(
    ("person", "channel", "headline"),
    [
        ("ana", "inside", OURS),
        ("gus", "inside", EVERYBODYS),
        ("solo", "inside", EVERYBODYS),
        ("zoe", "inside", EVERYBODYS),
        ("ana", "shared", EVERYBODYS),
    ],
)
def test_who_reads_what(slack: Slack, person: str, channel: str, headline: str):
    (answer,) = slack.wait_answer(slack.say(person, channel, f"@bot {APPROVAL}"), timeout_s=60)
    assert answer.text.startswith(headline)


def test_when_nobody_can_tell_who_is_a_guest_everybody_is_one(slack: Slack):
    slack.channel("unknown", members=["new"])
    slack.fail("users.info", "error:missing_scope")
    (answer,) = slack.wait_answer(slack.say("new", "unknown", f"@bot {APPROVAL}"))
    assert answer.text.startswith(EVERYBODYS)
