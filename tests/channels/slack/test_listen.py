"""Each of Slack's payloads, put to the app by itself: what is kept, started, said and refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.channels.slack import app, blocks, words
from bot.conversations import button_actions, turns
from bot.conversations.message_view import HOW_TO_ASK
from bot.errors import ChannelRefused
from bot.guidance import compose, listed
from bot.knowledge import load_knowledge, packaged_knowledge
from bot.triage import AskedQuestion
from tests.channels.slack.wired import Wired, play
from tests.conftest import TODAY
from tests.guidance.made import answer_with, list_of
from tests.standins.slack import Slack

KNOWLEDGE = load_knowledge(packaged_knowledge(), TODAY)
GUIDANCE = compose(answer_with(KNOWLEDGE, "ORG-08"), "we wait", KNOWLEDGE, [], [], TODAY, 1)
LISTED = listed(list_of(KNOWLEDGE, "ORG-08", "ORG-07"), "", KNOWLEDGE, 1)
QUESTION = next(each for each in KNOWLEDGE.questions if len(each.choices) > 2)
ASKED = AskedQuestion(QUESTION.id, QUESTION.ask, QUESTION.choices)
APPROVAL = "legal needs six weeks for every model update"
SEEN = "1.000001"


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


async def until(slack: Slack, method: str, count: int = 1) -> list[dict[str, Any]]:
    """What was sent to this method, once it was called so often: what is not waited for may come a little later."""
    for _ in range(200):
        if len(calls := slack.calls_of(method)) >= count:
            return [call.args for call in calls]
        await asyncio.sleep(0.02)
    raise AssertionError(f"{method} was not called")


def test_a_mention_is_kept_before_it_is_acknowledged_and_answered_once(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}")
        for kind in ("app_mention", "message"):  # Slack tells of a mention twice
            assert (await wired.event(said | {"type": kind})).status_code == 200
        ((workflow, turn),) = wired.starts
        assert workflow == turn == wired.room().key(said["ts"])
        assert (await wired.turn(turn)).asker == wired.ana
        (eyes,) = await until(slack, "reactions.add")
        assert (eyes["name"], eyes["timestamp"]) == ("eyes", said["ts"])

    play(slack, tmp_path, story)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"text": "we have lunch at noon"}, id="names nobody"),
        pytest.param({"bot_id": "B2", "subtype": "bot_message"}, id="a bot's"),
        pytest.param({"subtype": "channel_join"}, id="a join"),
        pytest.param({"user": "U0BOT"}, id="our own"),
        pytest.param({"user": None}, id="nobody's"),
        pytest.param({"text": "<@U0BO> <@U0BOT> legal takes weeks", "thread_ts": "1.1"}, id="a colleague is spoken to"),
    ],
)
def test_what_is_not_for_us_leaves_nothing_behind(slack: Slack, tmp_path: Path, changed: dict[str, Any]):
    async def story(wired: Wired) -> None:
        known = {"text": "legal takes weeks"} | changed
        if known.get("user") == "U0BOT":
            known["user"] = slack.bot_user
        if "thread_ts" in known:
            known["text"] = f"<@U0BO> legal takes weeks <@{slack.bot_user}x"
        assert (await wired.event(wired.said("") | known)).status_code == 200
        assert wired.starts == []

    play(slack, tmp_path, story)


def test_an_edit_and_a_deletion_start_what_follows(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}")
        await wired.event(said | {"type": "app_mention"})
        reads = said | {"text": f"<@{slack.bot_user}> security does", "edited": {"user": wired.ana, "ts": "2.000001"}}
        around = {"type": "message", "channel": wired.ml, "channel_type": "channel", "event_ts": "1.1"}
        changed = around | {"subtype": "message_changed", "message": reads, "previous_message": said, "ts": "2.1"}
        await wired.event(changed)
        await wired.event(changed | {"message": reads | {"edited": None}})  # a preview was added
        gone = around | {"subtype": "message_deleted", "deleted_ts": said["ts"], "previous_message": said, "ts": "3.1"}
        await wired.event(gone)
        id = wired.room().key(said["ts"])
        assert [workflow for workflow, _ in wired.starts] == [id, f"{id}+2.000001", f"{id}-deleted"]
        assert (await wired.turn(id)).erased == "deleted"

    play(slack, tmp_path, story)


def test_a_thread_whose_root_leaves_a_tombstone_is_deleted(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}")
        await wired.event(said | {"type": "app_mention"})
        stone = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": said["ts"], "text": "gone"}
        around = {"type": "message", "subtype": "message_changed", "channel": wired.ml, "event_ts": "1.1", "ts": "2.1"}
        await wired.event(around | {"message": stone})
        assert wired.starts[-1][0].endswith("-deleted")

    play(slack, tmp_path, story)


def test_an_event_for_another_installation_is_dropped(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}", type="app_mention")
        assert (await wired.event(said, team_id="T0002", context_team_id="T0002", authorizations=[])).status_code == 200
        assert (await wired.event(said, api_app_id="A0002")).status_code == 200
        assert wired.starts == []

    play(slack, tmp_path, story)


def test_an_enterprise_installation_is_told_once(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}")
        of_enterprise = [{"team_id": slack.team_id, "is_enterprise_install": True}]
        for kind in ("app_mention", "message"):
            await wired.event(said | {"type": kind}, authorizations=of_enterprise)
        (told,) = await until(slack, "chat.postMessage")
        assert (told["text"], told["thread_ts"]) == (words.ENTERPRISE, said["ts"])
        typed = await wired.command(APPROVAL, is_enterprise_install="true")
        assert words.ENTERPRISE in typed.text
        assert wired.starts == []
        assert len(slack.calls_of("chat.postMessage")) == 1

    play(slack, tmp_path, story)


def test_an_opened_conversation_gets_prompts_and_a_deactivated_account_is_forgotten(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        opened = {"type": "app_home_opened", "user": wired.ana, "channel": "D1", "event_ts": "1.1"}
        await wired.event(opened | {"tab": "home"})
        await wired.event(opened | {"tab": "messages"})
        (prompts,) = await until(slack, "assistant.threads.setSuggestedPrompts")
        assert prompts["channel_id"] == "D1"
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}", type="app_mention")
        await wired.event(said)
        user = {"id": wired.ana, "deleted": False}
        await wired.event({"type": "user_change", "user": user, "event_ts": "1.1"})
        assert (await wired.turn(wired.room().key(said["ts"]))).erased is None
        await wired.event({"type": "user_change", "user": user | {"deleted": True}, "event_ts": "1.1"})
        assert (await wired.turn(wired.room().key(said["ts"]))).erased == "forgotten"
        assert (await wired.event({"type": "team_rename", "event_ts": "1.1"})).status_code == 200

    play(slack, tmp_path, story)


def test_a_command_is_answered_at_once_and_a_question_started(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        assert "/mlops forget-me" in (await wired.command("help")).text
        assert "I keep none of your words." in (await wired.command("status")).text
        assert (await wired.command("quiet")).text.startswith("Done.")
        (announced,) = await until(slack, "chat.postMessage")
        assert announced["text"].startswith(f"<@{wired.ana}> has changed how I behave here.")
        assert "only the two of us" in (await wired.command("quiet", channel_id="D1")).text
        assert wired.starts == []
        assert (await wired.command(APPROVAL)).text == ""
        ((workflow, turn),) = wired.starts
        assert (workflow, (await wired.turn(turn)).private) == (wired.room().key("command", "trigger"), True)

    play(slack, tmp_path, story)


BUTTONS = [
    pytest.param(ASKED, f"{blocks.CHOOSE}_1", "t1|1", {}, ("chosen", 1), id="a choice"),
    pytest.param(ASKED, f"{blocks.CHOOSE}_none", "t1|none", {}, ("chosen", None), id="something else"),
    pytest.param(LISTED, f"{blocks.PICK}_ORG-07", "t1|ORG-07", {}, ("picked", "ORG-07"), id="one of the list"),
    pytest.param(LISTED, blocks.NONE, "t1", {}, ("refusals", 1), id="none of these"),
    pytest.param(GUIDANCE, blocks.MORE, "t1", {}, ("more", True), id="more"),
    pytest.param(GUIDANCE, blocks.LESS, "t1", {"more": True}, ("more", False), id="less"),
    pytest.param(GUIDANCE, blocks.BACK, "t1", {"tapped": True, "picked": "ORG-08"}, ("picked", None), id="back"),
    pytest.param(GUIDANCE, blocks.TRY_THIS, "t1", {}, ("revision", 2), id="we'll try this"),
]


@pytest.mark.parametrize(("body", "action", "value", "before", "after"), BUTTONS)
def test_what_a_button_changes(
    slack: Slack, tmp_path: Path, body: Any, action: str, value: str, before: dict[str, Any], after: tuple[str, Any]
):
    async def story(wired: Wired) -> None:
        labels = {"action": "clarify", "offered": [each.model_dump(mode="json") for each in ASKED.choices]}
        await wired.answered(body, **(labels if body is ASKED else {"barrier": "ORG-08"}), **before)
        assert (await wired.press(action, value, SEEN)).status_code == 200
        turn = await wired.turn()
        assert getattr(turn, after[0]) == after[1]
        assert turn.revision == 2
        assert [each for _, each in wired.starts] == ["t1"]

    play(slack, tmp_path, story)


def test_a_menu_carries_what_was_selected(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        await wired.answered(LISTED)
        action = {"action_id": blocks.RATHER_MENU, "action_ts": "1.1", "type": "static_select"}
        selected = [action | {"selected_option": {"value": "t1|ORG-07"}}]
        assert (await wired.press("", "", SEEN, actions=selected)).status_code == 200
        assert (await wired.turn()).picked == "ORG-07"

    play(slack, tmp_path, story)


@pytest.mark.parametrize("ticked", [True, False])
def test_a_private_answer_is_shared_with_the_askers_words_or_without(slack: Slack, tmp_path: Path, ticked: bool):
    async def story(wired: Wired) -> None:
        await wired.answered(GUIDANCE, private=True, posted="private")
        box = {"type": "checkboxes", "selected_options": [{"value": "yes"}] if ticked else []}
        await wired.press(
            blocks.SHARE, "t1", SEEN, state={"values": {"b": {blocks.WITH_QUOTES: box}}},
            container={"message_ts": SEEN, "channel_id": wired.ml, "is_ephemeral": True},
        )  # fmt: skip
        ((workflow, copy),) = wired.starts
        shared = await wired.turn(copy)
        assert (workflow, shared.shares, shared.with_quotes, shared.private) == (copy, "t1", ticked, False)

    play(slack, tmp_path, story)


@pytest.mark.parametrize(
    ("action", "value", "message", "sentence"),
    [
        (blocks.FEEDBACK, f"t1|{blocks.HELPFUL}", SEEN, button_actions.THANKS),
        (blocks.FEEDBACK, f"t1|{blocks.NOT_HELPFUL}", SEEN, button_actions.NOT_HELPFUL),
        (blocks.MORE, "forged", SEEN, turns.GONE),
        (blocks.MORE, "t1", "9.000009", turns.ELSEWHERE),
        (blocks.BACK, "t1", SEEN, turns.OUTDATED),
        (f"{blocks.CHOOSE}_x", "t1|-1", SEEN, "That is none of the choices."),
        (f"{blocks.PICK}_x", "t1|BUS-99", SEEN, turns.OUTDATED),
    ],
)
def test_what_the_presser_alone_is_told(
    slack: Slack, tmp_path: Path, action: str, value: str, message: str, sentence: str
):
    async def story(wired: Wired) -> None:
        await wired.answered(GUIDANCE, barrier="ORG-08")
        assert (await wired.press(action, value, message)).status_code == 200
        (told,) = await until(slack, "response_url")
        assert (told["text"], told["response_type"], told["replace_original"]) == (sentence, "ephemeral", False)
        assert wired.starts == []

    play(slack, tmp_path, story)


def test_somebody_else_unfolds_an_answer_for_themselves_without_the_askers_words(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        quoting = compose(answer_with(KNOWLEDGE, "ORG-08", reason="our secret plan"), "x", KNOWLEDGE, [], [], TODAY, 1)
        await wired.answered(quoting)
        bo = {"id": slack.person("bo"), "team_id": slack.team_id}
        await wired.press(blocks.MORE, "t1", SEEN, user=bo)
        (told,) = await until(slack, "response_url")
        assert "Sources" in str(told["blocks"])
        assert "secret" not in str(told)
        assert not (await wired.turn()).more

    play(slack, tmp_path, story)


def test_a_button_of_another_release_is_acknowledged(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        await wired.answered(HOW_TO_ASK)
        assert (await wired.press("triage_of_old", "t1", SEEN)).status_code == 200

    play(slack, tmp_path, story)


def test_what_cannot_be_read_is_refused_and_what_fails_is_sent_again(slack: Slack, tmp_path: Path):
    async def story(wired: Wired) -> None:
        broken = await wired.event(wired.said(APPROVAL, type="app_mention", ts="not a time"))
        assert (broken.status_code, broken.text) == (400, "The payload cannot be read.")
        async with wired.database.writing() as session:
            await session.execute(text("DROP TABLE messages"))
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}", type="app_mention")
        assert (await wired.event(said)).status_code == 500
        assert wired.starts == []

    play(slack, tmp_path, story)


def test_a_slack_that_is_down_at_the_start_delays_its_events_alone(
    slack: Slack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(app, "ASK_AGAIN_S", 0.05)
    slack.fail("auth.test", *["503"] * 6)

    async def story(wired: Wired) -> None:
        said = wired.said(f"<@{slack.bot_user}> {APPROVAL}", type="app_mention")
        assert (await wired.event(said)).status_code == 503
        assert wired.refused == ["503"]
        for _ in range(400):
            if (await wired.event(said)).status_code == 200:
                break
            await asyncio.sleep(0.05)
        assert [turn for _, turn in wired.starts] == [wired.room().key(said["ts"])]

    play(slack, tmp_path, story)


@pytest.mark.parametrize(
    ("is_enterprise", "revoked", "why"),
    [(False, True, "token_revoked. Check SLACK_BOT_TOKEN"), (True, False, words.ENTERPRISE)],
)
def test_a_slack_that_refuses_us_ends_the_start(tmp_path: Path, is_enterprise: bool, revoked: bool, why: str):
    async def story(_wired: Wired) -> None:
        raise AssertionError("it was started")

    with Slack(is_enterprise_install=is_enterprise, enterprise_id="E1" if is_enterprise else None) as slack:
        if revoked:
            slack.revoke()
        with pytest.raises(ChannelRefused, match=why):
            play(slack, tmp_path, story)
