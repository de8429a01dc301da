"""What people notice: who is answered, what disappears, what others may read."""

from __future__ import annotations

import pytest

from bot.channels.slack import words
from bot.conversations.commands import REPLY_MODES, how_to_hear_less
from tests.scenarios.serving import Served
from tests.standins.slack import Slack
from tests.standins.slack.blocks import elements

APPROVAL = "legal needs six weeks for every model update"
HIRING = "we can't hire ML engineers, they all go to big tech"
COSTS = "half our cloud budget goes on idle GPUs, nobody switches them off at night and nobody reads the bill"
VAGUE = "deploying models is painful"


def asked(slack: Slack, room: str, text: str, person: str = "ana") -> str:
    ts = slack.say(person, room, text)
    slack.wait_answer(ts)
    return ts


def answer_to(slack: Slack, ts: str):
    (answer,) = slack.answers_to(ts)
    return answer


def private_to(slack: Slack, person: str, text: str) -> None:
    slack.wait_for(lambda: any(text in line.text for line in slack.ephemerals(person)))


def test_what_was_not_shared_comes_back_by_no_button(slack: Slack, room: str):
    slack.command("ana", room, "/mlops", COSTS, wait=True)
    private_to(slack, "ana", "Compute and platform costs")
    private = slack.ephemerals("ana")[-1]
    slack.press("ana", private, "Share with the channel", wait=True)
    slack.wait_for(lambda: [line for line in slack.visible(room) if line.author == "bot"])
    (shared,) = [line for line in slack.visible(room) if line.author == "bot"]
    slack.press("bo", shared.ts, "More", wait=True)
    private_to(slack, "bo", "Ask the team")
    slack.press("ana", shared.ts, "More", wait=True)
    slack.wait_for(lambda: "Ask the team" in answer_in(slack, room).text)
    for seen in (slack.ephemerals("bo")[-1], answer_in(slack, room)):
        assert "“half our cloud budget goes on idle GPUs”" not in seen.text
        assert "you wrote" not in seen.text
        assert "“half our cloud budget goes on idle GPUs”" not in str(seen.blocks)


def answer_in(slack: Slack, room: str):
    (line,) = [line for line in slack.visible(room) if line.author == "bot"]
    return line


def test_others_unfold_an_answer_without_being_told_that_they_wrote_it(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.press("bo", answer_to(slack, ts).ts, "More", wait=True)
    private_to(slack, "bo", "Ask the team")
    assert "you wrote" not in slack.ephemerals("bo")[-1].text


def test_none_of_these_pressed_four_times_at_once_is_one_press(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    first = answer_to(slack, ts)
    with_button = first.ts
    sent = [slack.press("ana", with_button, "None of these", action_ts=f"1700000000.00000{n}") for n in range(4)]
    for each in sent:
        each.result()
    slack.wait_for(lambda: "Approval and change" not in answer_to(slack, ts).text.splitlines()[0])
    slack.settled()
    assert "None of my guesses fits" not in answer_to(slack, ts).text
    assert "Something else" in answer_to(slack, ts).buttons


def test_a_press_is_acknowledged_though_the_private_word_is_slow(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.hang_s = 6.0
    slack.fail("response_url", "timeout")
    pressed = slack.press("bo", answer_to(slack, ts).ts, "feedback:positive", wait=True).result()
    assert pressed.status == 200
    assert pressed.seconds < 2


def test_a_late_older_edit_does_not_win(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    with slack.held(reverse=True):
        slack.edit(ts, f"@bot {HIRING}")
        slack.edit(ts, f"@bot {COSTS}")
    slack.wait_for(lambda: "Compute and platform costs" in answer_to(slack, ts).text)
    slack.settled()
    assert "Compute and platform costs" in answer_to(slack, ts).text


def test_a_deletion_that_is_told_before_its_message_leaves_nothing(slack: Slack, room: str, running: Served):
    with slack.held(reverse=True):
        ts = slack.say("ana", room, f"@bot {APPROVAL} axolotlmarker")
        slack.delete(ts)
    slack.settled()
    assert slack.answers_to(ts) == []
    assert not [file for file in running.home.rglob("*.sqlite*") if b"axolotlmarker" in file.read_bytes()]


def test_the_address_for_private_replies_leaves_every_file_once_used(slack: Slack, room: str, running: Served):
    slack.command("ana", room, "/mlops", COSTS, wait=True)
    private_to(slack, "ana", "Compute and platform costs")
    slack.wait_for(lambda: not [f for f in running.home.rglob("*.sqlite*") if b"/hooks/" in f.read_bytes()])


@pytest.mark.parametrize(
    "aside",
    ["Bob, you bring the numbers", "@bo can you bring the numbers?", "Mei Tan: could you look at this"],
)
def test_what_is_said_to_a_colleague_is_left_alone(slack: Slack, room: str, aside: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.say("ana", room, aside, thread=ts)
    slack.settled(0.8)
    assert len(slack.answers_to(ts)) == 1


@pytest.mark.parametrize("addition", ["Also, you should know that security adds two more", "Legal, they say, is busy"])
def test_what_only_looks_like_a_name_is_heard(slack: Slack, room: str, addition: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.say("ana", room, addition, thread=ts)
    slack.wait_answer(ts, count=2)


@pytest.mark.parametrize("text", ["@bo look what @bot says when legal needs six weeks for every model update"])
def test_it_answers_wherever_it_is_named(slack: Slack, room: str, text: str):
    ts = asked(slack, room, text)
    assert "Approval and change processes" in answer_to(slack, ts).text


def test_a_vague_rant_gets_recognition_first(slack: Slack, room: str):
    ts = asked(slack, room, "@bot deployment is a nightmare")
    answer = answer_to(slack, ts)
    assert answer.text.startswith("That sounds wearing.")
    assert "Something else" in answer.buttons


@pytest.mark.parametrize("typed", ["dunno", "I don't know", "no idea!", "not sure"])
def test_who_cannot_say_gets_possibilities_and_the_question_loses_its_buttons(slack: Slack, room: str, typed: str):
    ts = asked(slack, room, f"@bot {VAGUE}")
    slack.say("ana", room, typed, thread=ts)
    slack.wait_answer(ts, count=2)
    slack.wait_for(lambda: not slack.answers_to(ts)[0].buttons)
    question, possibilities = slack.answers_to(ts)
    assert "It could be one of these" in possibilities.text
    assert len(possibilities.buttons) == 7
    assert "quite sure" not in possibilities.text
    second = [p.element["action_id"] for p in elements(possibilities.blocks)][1]
    slack.press("ana", possibilities.ts, second, wait=True)
    slack.wait_for(lambda: "This week" in slack.answers_to(ts)[1].text)
    assert "(you chose it)" in slack.answers_to(ts)[1].text
    assert question.versions == 2


def test_a_question_answered_in_words_loses_its_buttons(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {VAGUE}")
    slack.say("ana", room, "somebody copies files to the server by hand", thread=ts)
    slack.wait_answer(ts, count=2)
    slack.wait_for(lambda: not slack.answers_to(ts)[0].buttons)
    assert "Something else" in slack.message(slack.answers_to(ts)[0].ts).text


def test_the_eyes_go_when_the_answer_is_there(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.wait_for(lambda: slack.calls_of("reactions.remove"))
    slack.wait_for(lambda: not slack.message(ts).reactions.get("eyes"))


@pytest.mark.parametrize("text", ["forget me", "Forget-me", "forget_me!", "forgetme"])
def test_forget_me_is_understood_however_it_is_spelt(slack: Slack, room: str, text: str):
    slack.command("bo", room, "/mlops", text, wait=True)
    assert "to erase" in slack.ephemerals("bo")[-1].text or "erased" in slack.ephemerals("bo")[-1].text


def test_stop_tells_how_to_have_less_of_it(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.say("ana", room, "stop", thread=ts)
    slack.wait_answer(ts, count=2)
    assert how_to_hear_less(words.COMMAND) in slack.answers_to(ts)[1].text


def test_a_change_of_the_reply_mode_is_told_to_the_channel_and_by_whom(slack: Slack, room: str):
    slack.command("ana", room, "/mlops", "quiet mentions", wait=True)
    slack.wait_for(lambda: [line for line in slack.visible(room) if line.author == "bot"])
    (told,) = [line for line in slack.visible(room) if line.author == "bot"]
    assert "@ana has changed how I behave here." in told.text
    assert REPLY_MODES["mentions-only"] in told.text
    slack.command("ana", room, "/mlops", "quiet mentions", wait=True)
    slack.settled()
    assert len([line for line in slack.visible(room) if line.author == "bot"]) == 1


def test_names_survive_in_the_plain_text_twin(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.press("bo", answer_to(slack, ts).ts, "We'll try this", wait=True)
    slack.wait_for(lambda: "Being tried by" in answer_to(slack, ts).text)
    assert f"Being tried by <@{slack.person('bo')}>" in slack.message(answer_to(slack, ts).ts).text


@pytest.mark.parametrize(
    "envelope",
    [
        {"team_id": "T9999", "context_team_id": "T9999", "authorizations": []},
        {"api_app_id": "A9999"},
    ],
    ids=["another workspace", "another app"],
)
def test_events_of_another_installation_are_dropped(slack: Slack, room: str, envelope: dict[str, object]):
    channel = slack.channel(room)
    ts = "1700000000.000100"
    event = {
        "type": "app_mention", "user": slack.person("ana"), "text": f"<@{slack.bot_user}> {APPROVAL}", "ts": ts,
        "channel": channel, "event_ts": ts,
    }  # fmt: skip
    slack.send_event(event, wait=True, **envelope)
    slack.settled()
    assert not [call for call in slack.calls_of("chat.postMessage") if call.args.get("channel") == channel]


def test_an_organisations_event_gets_one_sentence(slack: Slack, room: str):
    channel, ts = slack.channel(room), "1700000001.000100"
    event = {
        "type": "app_mention", "user": slack.person("ana"), "text": f"<@{slack.bot_user}> {APPROVAL}", "ts": ts,
        "channel": channel, "event_ts": ts,
    }  # fmt: skip
    grid = [{"enterprise_id": "E1", "team_id": "T0001", "user_id": slack.bot_user, "is_enterprise_install": True}]
    for _ in range(2):
        slack.send_event(event, wait=True, authorizations=grid)
    slack.wait_for(lambda: [c for c in slack.calls_of("chat.postMessage") if c.args.get("channel") == channel])
    slack.settled()
    (told,) = [call for call in slack.calls_of("chat.postMessage") if call.args.get("channel") == channel]
    assert told.args["text"] == words.ENTERPRISE
    assert told.args["thread_ts"] == ts


@pytest.mark.parametrize("first", ["app_mention", "message"])
@pytest.mark.parametrize("gap_s", [0.0, 0.3])
def test_a_mention_is_answered_once_whichever_of_its_two_events_is_first(
    slack: Slack, room: str, first: str, gap_s: float
):
    slack.twins_first, slack.twin_gap_s = first, gap_s
    try:
        ts = asked(slack, room, f"@bot {APPROVAL}")
        slack.settled(0.6)
    finally:
        slack.twins_first, slack.twin_gap_s = "app_mention", 0.02
    assert len(slack.answers_to(ts)) == 1
    assert len([call for call in slack.calls_of("reactions.add") if call.args.get("timestamp") == ts]) == 1


@pytest.mark.parametrize("gap_s", [0.0, 0.3])
def test_who_will_wait_long_is_told_once(slack: Slack, room: str, monkeypatch: pytest.MonkeyPatch, gap_s: float):
    monkeypatch.setattr("bot.conversations.backlog.LONG_S", -1.0)
    slack.twin_gap_s = gap_s
    try:
        ts = asked(slack, room, f"@bot {APPROVAL}")
        slack.settled(0.6)
    finally:
        slack.twin_gap_s = 0.02
    (told,) = [each.status for each in slack.statuses if each.thread_ts == ts and each.status]
    assert "about a minute" in told
