"""Slack's payloads -> what the conversations take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.slack import parse
from bot.channels.slack.payloads import BlockActions, Envelope, EventMessage, SlashCommand
from bot.store import Room

BOT = "U0BOT"
ENVELOPE = Envelope(team_id="T1")
SAID: dict[str, Any] = {
    "user": "U0ANA",
    "channel": "C1",
    "ts": "1795900000.000100",
    "text": f"<@{BOT}> legal takes weeks",
}
ROOM = Room("slack", "T1", "C1")


def event(**changed: Any) -> EventMessage:
    return EventMessage.model_validate(SAID | changed)


@pytest.mark.parametrize(
    ("changed", "kind", "is_root"),
    [
        ({"type": "app_mention", "text": "no name in it"}, "mention", True),
        ({}, "mention", True),
        ({"thread_ts": SAID["ts"]}, "mention", True),
        ({"thread_ts": "1.1"}, "mention", False),
        ({"text": "and legal?", "thread_ts": "1.1"}, "thread", False),
        ({"text": "hi", "channel_type": "im"}, "direct", True),
        ({"text": "hi", "channel": "D1"}, "direct", True),
        ({"text": "hi", "channel": "D1", "thread_ts": "1.1"}, "direct", False),
        ({"subtype": "file_share"}, "mention", True),
    ],
)
def test_how_a_message_was_put(changed: dict[str, Any], kind: str, is_root: bool):
    message = parse.message(event(**changed), ENVELOPE, BOT)
    assert message is not None
    assert (message.kind, message.is_root) == (kind, is_root)
    assert message.id == message.room.key(SAID["ts"])
    assert message.thread == changed.get("thread_ts", SAID["ts"])
    assert message.said_at == datetime(2026, 11, 28, 21, 6, 40, 100, UTC)


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "nobody is named"}, {"user": BOT}, {"user": None}, {"bot_id": "B1"}, {"ts": ""},
        {"subtype": "channel_topic"}, {"subtype": "bot_message"}, {"subtype": "message_changed"},
    ],
)  # fmt: skip
def test_what_nobody_wrote_to_us(changed: dict[str, Any]):
    assert parse.message(event(**changed), ENVELOPE, BOT) is None


@pytest.mark.parametrize(
    ("changed", "shared", "external"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"user_team": "T1", "source_team": "T1"}, False, False),
        ({"user_team": "T2"}, False, True),
        ({"source_team": "T2"}, False, True),
    ],
)
def test_who_is_of_another_organisation(changed: dict[str, Any], shared: bool, external: bool):
    message = parse.message(event(**changed), Envelope(team_id="T1", is_ext_shared_channel=shared), BOT)
    assert message is not None
    assert message.external_user is external


@pytest.mark.parametrize(
    ("text", "to_another"),
    [("<@U0BO> you bring the numbers", True), ("so <@U0BO> brings the numbers", False), ("it is worse now", False)],
)
def test_a_reply_that_opens_with_a_colleagues_name_is_theirs(text: str, to_another: bool):
    message = parse.message(event(text=text, thread_ts="1.1"), ENVELOPE, BOT)
    assert message is not None
    assert message.to_another is to_another


def test_an_edit_reads_the_message_as_it_is_now():
    inner = SAID | {"text": f"<@{BOT}> security does", "edited": {"ts": "2.000002"}}
    edit = parse.edit(event(subtype="message_changed", message=inner), ENVELOPE, BOT)
    assert edit is not None
    assert (edit.edit, edit.incoming.text, edit.incoming.kind) == ("2.000002", "security does", "mention")


def test_an_edit_that_takes_our_name_out_still_counts_as_one():
    inner = SAID | {"text": "security does", "edited": {"ts": "2.000002"}}
    edit = parse.edit(event(subtype="message_changed", message=inner), ENVELOPE, BOT)
    assert edit is not None
    assert (edit.incoming.text, edit.incoming.kind) == ("security does", "thread")


@pytest.mark.parametrize(
    "inner",
    [None, SAID, SAID | {"edited": {"ts": "2.1"}, "bot_id": "B1"}, SAID | {"edited": {"ts": "2.1"}, "user": None}],
)
def test_what_is_no_edit_by_the_author(inner: dict[str, Any] | None):
    assert parse.edit(event(subtype="message_changed", message=inner), ENVELOPE, BOT) is None


@pytest.mark.parametrize(
    ("changed", "gone"),
    [
        ({"subtype": "message_deleted", "deleted_ts": "1.1"}, "1.1"),
        ({"subtype": "message_changed", "message": SAID | {"subtype": "tombstone", "ts": "1.1"}}, "1.1"),
        ({"subtype": "message_changed", "message": SAID}, None),
        ({"subtype": "message_deleted"}, None),
        ({}, None),
    ],
)
def test_what_was_taken_away(changed: dict[str, Any], gone: str | None):
    assert parse.deletion(event(**changed), ENVELOPE) == ((ROOM, ROOM.key(gone)) if gone else None)


TYPED = {
    "team_id": "T1", "channel_id": "C1", "user_id": "U0ANA", "text": "legal takes &lt;weeks&gt;", "trigger_id": "9",
    "response_url": "https://hooks.slack.com/x",
}  # fmt: skip


def test_a_question_by_command_is_private_and_its_askers():
    now = datetime(2026, 11, 24, tzinfo=UTC)
    question = parse.question(SlashCommand.model_validate(TYPED), now)
    assert (question.kind, question.author, question.text) == ("command", "U0ANA", "legal takes <weeks>")
    assert question.thread == question.id == ROOM.key("command", "9")
    assert (question.said_at, question.reply_url) == (now, TYPED["response_url"])


@pytest.mark.parametrize(("channel", "direct"), [("C1", False), ("G1", False), ("D1", True)])
def test_where_a_command_was_typed(channel: str, direct: bool):
    command = parse.command(SlashCommand.model_validate(TYPED | {"channel_id": channel}))
    assert (command.room.id, command.person, command.direct) == (channel, "U0ANA", direct)


PRESSED: dict[str, Any] = {
    "user": {"id": "U0ANA", "team_id": "T1"}, "team": {"id": "T1"}, "response_url": "https://hooks.slack.com/x",
    "container": {"message_ts": "1.1", "channel_id": "C1"}, "actions": [{"action_id": "a", "action_ts": "5.5"}],
}  # fmt: skip


@pytest.mark.parametrize(("team", "external"), [("T1", False), (None, False), ("T2", True)])
def test_a_button_action_holds_what_slack_vouches_for(team: str | None, external: bool):
    payload = BlockActions.model_validate(PRESSED | {"user": {"id": "U0ANA", "team_id": team}})
    action = parse.button_action(payload, "claimed")
    assert (action.turn, action.room, action.person, action.message) == ("claimed", ROOM, "U0ANA", "1.1")
    assert (action.private, action.external_user) == (False, external)
    again = parse.button_action(BlockActions.model_validate(PRESSED | {"trigger_id": "other"}), "claimed")
    assert again.id == action.id
    later = PRESSED | {"actions": [{"action_id": "a", "action_ts": "6.6"}]}
    assert parse.button_action(BlockActions.model_validate(later), "claimed").id != action.id


@given(text=st.text(), bot=st.sampled_from([BOT, "U1"]))
def test_any_text_is_read_and_never_opens_markup(text: str, bot: str):
    message = parse.message(event(text=text, channel="D1"), ENVELOPE, bot)
    assert message is not None
    assert f"<@{bot}>" not in text or f"<@{bot}>" not in message.text
