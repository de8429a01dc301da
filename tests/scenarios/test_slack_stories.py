from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bot.conversations import button_actions, turns
from bot.conversations.commands import REPLY_MODES
from tests.scenarios.serving import Served
from tests.standins.slack import Line, Slack
from tests.standins.slack.blocks import elements

APPROVAL = "legal needs six weeks for every model update"
HIRING = "we can't hire ML engineers, they all go to big tech"
UNSURE = "something with the data"
COSTS = "half our cloud budget goes on idle GPUs, nobody switches them off at night and nobody reads the bill"
VAGUE = "deploying models is painful"
FITS_NOT = "Approval and change processes do not fit models"


def asked(slack: Slack, room: str, text: str, person: str = "ana", thread: str | None = None) -> str:
    ts = slack.say(person, room, text, thread=thread)
    slack.wait_answer(thread or ts)
    slack.settled(0.4)
    return ts


def the_answer(slack: Slack, ts: str):
    (answer,) = slack.answers_to(ts)
    return answer


def press(slack: Slack, person: str, message: object, button: str, **more: object) -> None:
    slack.press(person, message, button, wait=True, **more)
    slack.settled(0.6)


def picks(line: Line) -> list[str]:
    """Action ids of the buttons that show a barrier."""
    return [p.element["action_id"] for p in elements(line.blocks) if p.element["action_id"].startswith("triage_pick_")]


def menu(line: Line) -> list[str]:
    """Labels of the menu of what it could be instead."""
    (found,) = [p.element for p in elements(line.blocks) if p.element["type"] == "static_select"]
    return [option["text"]["text"] for option in found["options"]]


def last_private(slack: Slack, person: str) -> str:
    shown = slack.ephemerals(person)
    return shown[-1].text if shown else ""


def test_a_mention_is_answered_in_its_thread_once_though_slack_tells_it_twice(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    answer = the_answer(slack, ts)
    assert answer.thread_ts == ts
    assert "Approval and change processes do not fit models" in answer.text
    assert "quite sure" in answer.text
    assert answer.options["unfurl_links"] is False
    assert answer.options["unfurl_media"] is False
    assert not answer.pings


def test_question_choice_try_and_feedback_stay_one_message(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {VAGUE}")
    question = the_answer(slack, ts)
    assert "Something else" in question.buttons
    press(slack, "bo", question.ts, "Too many manual steps")
    assert last_private(slack, "bo") == turns.NOT_YOURS
    press(slack, "ana", question.ts, "Too many manual steps")
    first = the_answer(slack, ts)
    assert "Deployment is manual  (you chose it)" in first.text
    press(slack, "bo", first.ts, "We'll try this")
    assert "Being tried by @bo" in the_answer(slack, ts).text
    press(slack, "bo", first.ts, "We'll try this")
    assert last_private(slack, "bo") == button_actions.ALREADY_TRYING
    press(slack, "bo", first.ts, "feedback:positive")
    assert last_private(slack, "bo") == button_actions.THANKS
    assert len(slack.answers_to(ts)) == 1


def test_of_a_list_one_tap_shows_an_answer_in_place_and_one_more_goes_back(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {UNSURE}")
    listed = the_answer(slack, ts)
    assert "It could be one of these. Which comes closest?" in listed.text
    assert listed.buttons == ("This one",) * 5 + ("Something else", "Tell me when you know more")
    taps = picks(listed)
    press(slack, "bo", listed.ts, taps[1])
    assert last_private(slack, "bo") == turns.NOT_YOURS
    press(slack, "ana", listed.ts, taps[1])
    tapped = the_answer(slack, ts)
    assert "(you chose it)" in tapped.text
    assert "Back" in tapped.buttons
    press(slack, "ana", tapped.ts, "Back")
    assert the_answer(slack, ts).text == listed.text


def test_something_else_on_a_list_asks_and_then_gives_in(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {UNSURE}")
    press(slack, "ana", the_answer(slack, ts).ts, "Something else")
    question = the_answer(slack, ts)
    assert "Which" in question.text or "?" in question.text
    assert "It could be one of these" not in question.text
    press(slack, "ana", question.ts, question.buttons[0])
    then = the_answer(slack, ts)
    press(slack, "ana", then.ts, "Something else" if "Something else" in then.buttons else "None of these")
    assert "None of my guesses fits" in the_answer(slack, ts).text


def test_beside_an_answer_another_barrier_is_one_tap_away(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    answer = the_answer(slack, ts)
    slack.choose("ana", answer.ts, menu(answer)[0], wait=True)
    slack.settled(0.6)
    other = the_answer(slack, ts)
    assert FITS_NOT not in other.text.splitlines()[0]
    assert "(you chose it)" in other.text
    press(slack, "ana", other.ts, "Back")
    assert the_answer(slack, ts).text == answer.text


def test_a_question_about_the_answer_is_answered_under_it(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.say("ana", room, "what does that cost?", thread=ts)
    slack.wait_answer(ts, count=2)
    assert "I know no price. The first step takes days, 3 people" in slack.answers_to(ts)[1].text
    slack.say("ana", room, "no, it is the fight between the two teams", thread=ts)
    slack.wait_answer(ts, count=3)
    assert "I can help with" not in slack.answers_to(ts)[2].text


def test_more_unfolds_in_place_for_the_asker_and_privately_for_others(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {HIRING}")
    short = the_answer(slack, ts)
    press(slack, "bo", short.ts, "More")
    assert "Ask the team" in last_private(slack, "bo")
    assert "Ask the team" not in the_answer(slack, ts).text
    press(slack, "ana", short.ts, "More")
    assert "Ask the team" in the_answer(slack, ts).text
    press(slack, "ana", short.ts, "Less")
    assert the_answer(slack, ts).text == short.text


def test_a_follow_up_needs_no_mention_and_takes_back_what_was_told(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {VAGUE}")
    press(slack, "ana", the_answer(slack, ts).ts, "Too many manual steps")
    slack.say("bo", room, "I had that last year", thread=ts)
    slack.say("ana", room, "no, it's more that legal blocks us", thread=ts)
    slack.wait_answer(ts, count=2)
    slack.settled(1)
    first, second = slack.answers_to(ts)
    assert "Deployment is manual" in first.text
    assert "Deployment is manual" not in second.text.splitlines()[0]
    assert "legal blocks us" in second.text


@pytest.mark.parametrize("typed", ["1", "Too many manual steps", "somebody copies files to the server by hand"])
def test_a_question_can_be_answered_by_typing(slack: Slack, room: str, typed: str):
    ts = asked(slack, room, f"@bot {VAGUE}")
    slack.say("ana", room, typed, thread=ts)
    slack.wait_answer(ts, count=2)
    assert "Deployment is manual" in slack.answers_to(ts)[1].text


def test_thanks_is_no_question(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.say("ana", room, "thanks!", thread=ts)
    slack.wait_answer(ts, count=2)
    assert "You are welcome" in slack.answers_to(ts)[1].text


def test_a_direct_message_has_prompts_a_status_and_an_answer(slack: Slack, running: Served):
    slack.open_dm("cy")
    slack.wait_for(lambda: slack.prompts)
    assert slack.prompts[-1].shown
    ts = slack.say("cy", "dm", HIRING)
    slack.wait_answer(ts)
    assert "Cannot hire or keep ML engineers" in the_answer(slack, ts).text
    assert any(call.args.get("thread_ts") == ts for call in slack.calls_of("assistant.threads.setStatus"))


def test_a_burst_gets_one_answer_to_all(slack: Slack, running: Served):
    first = slack.say("dee", "dm", "hey")
    time.sleep(0.3)
    slack.say("dee", "dm", "quick question")
    time.sleep(0.3)
    last = slack.say("dee", "dm", HIRING)
    slack.wait_answer(first)
    slack.settled(2.5)
    posts = [line for line in slack.visible(slack.dm("dee"), viewer="dee") if line.author == "bot"]
    assert len(posts) == 1
    assert "Cannot hire or keep ML engineers" in posts[0].text
    assert "To your 3 messages." in posts[0].text
    assert last != first


def test_two_mentions_within_two_seconds_are_two_questions(slack: Slack, room: str):
    one, two = slack.say("ana", room, f"@bot {APPROVAL}"), slack.say("ana", room, f"@bot {HIRING}")
    slack.wait_answer(one)
    slack.wait_answer(two)
    slack.settled(0.5)
    assert "Approval" in the_answer(slack, one).text
    assert "Cannot hire" in the_answer(slack, two).text


def test_an_edit_is_answered_again_in_place_and_a_preview_is_not(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.unfurl(ts)
    slack.edit(ts, f"@bot {HIRING}")
    slack.wait_for(lambda: "Cannot hire" in slack.answers_to(ts)[0].text)
    slack.settled(0.5)
    assert the_answer(slack, ts).versions == 2


def test_a_deleted_question_takes_its_words_out_of_the_answer(slack: Slack, room: str):
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.delete(ts)
    slack.wait_for(lambda: "deleted" in slack.answers_to(ts)[0].text)
    assert "six weeks" not in the_answer(slack, ts).text
    assert not the_answer(slack, ts).buttons


def test_a_command_is_private_and_shared_without_the_askers_words(slack: Slack, room: str):
    slack.command("ana", room, "/mlops", COSTS, wait=True)
    slack.wait_for(lambda: "Compute and platform costs" in last_private(slack, "ana"))
    private = slack.ephemerals("ana")[-1]
    assert "Compute and platform costs" in private.text
    assert not [line for line in slack.visible(room, viewer="bo") if line.author == "bot"]
    press(slack, "ana", private, "Share with the channel")
    (shared,) = [line for line in slack.visible(room, viewer="bo") if line.author == "bot"]
    assert "Compute and platform costs" in shared.text
    assert "cloud budget" not in shared.text
    assert "shared by @ana" in shared.text
    press(slack, "ana", private, "Share with the channel")
    assert last_private(slack, "ana") == button_actions.ALREADY_SHARED


def test_the_askers_words_are_shared_when_they_tick_it(slack: Slack, room: str):
    slack.command("ana", room, "/mlops", COSTS, wait=True)
    slack.wait_for(lambda: "Compute and platform costs" in last_private(slack, "ana"))
    private = slack.ephemerals("ana")[-1]
    slack.tick("ana", private, "with the words of mine that it quotes")
    press(slack, "ana", private, "Share with the channel")
    (shared,) = [line for line in slack.visible(room, viewer="bo") if line.author == "bot"]
    assert "“half our cloud budget goes on idle GPUs”" in shared.text


def test_another_barrier_is_a_tap_away_in_a_private_answer_too(slack: Slack, room: str):
    slack.command("ana", room, "/mlops", APPROVAL, wait=True)
    slack.wait_for(lambda: last_private(slack, "ana").startswith(FITS_NOT))
    answer = slack.ephemerals("ana")[-1]
    slack.choose("ana", answer, menu(answer)[0], wait=True)
    slack.wait_for(lambda: "(you chose it)" in last_private(slack, "ana"))
    slack.press("ana", slack.ephemerals("ana")[-1], "Back", wait=True)
    slack.wait_for(lambda: last_private(slack, "ana").startswith(FITS_NOT))


def test_quiet_answers_the_asker_alone_and_mentions_only_ignores_follow_ups(slack: Slack, room: str):
    slack.command("ana", room, "/mlops", "quiet", wait=True)
    slack.say("bo", room, f"@bot {HIRING}")
    slack.wait_for(lambda: any("Cannot hire" in line.text for line in slack.ephemerals("bo")))
    told = [line.text for line in slack.visible(room) if line.author == "bot"]
    assert [text for text in told if "has changed how I behave here" not in text] == []
    slack.command("ana", room, "/mlops", "quiet mentions", wait=True)
    ts = asked(slack, room, f"@bot {APPROVAL}")
    slack.say("ana", room, "and security adds two more", thread=ts)
    slack.settled(1)
    assert len(slack.answers_to(ts)) == 1
    slack.command("ana", room, "/mlops", "quiet off", wait=True)
    slack.command("ana", room, "/mlops", "status", wait=True)
    assert REPLY_MODES["open"] in last_private(slack, "ana")


def test_what_is_not_for_us_is_left_alone(slack: Slack, room: str, running: Served):
    marker = "zanzibar-bystander"
    root = slack.say("bo", room, f"{marker} good morning")
    slack.say("ana", room, f"{marker} in a thread", thread=root)
    slack.say("ana", room, f"@bo {marker} legal takes six weeks, ask the bot")
    slack.bot_says("otherbot", room, f"@bot {marker} {APPROVAL}")
    ts = asked(slack, room, f"@bot {APPROVAL}")
    for number in range(100):
        slack.say("bo", room, f"{marker} {number}", thread=ts)
    slack.settled(1)
    assert [line.thread_ts for line in slack.visible(room) if line.author == "bot"] == [ts]
    found = [file for file in running.home.rglob("*") if file.is_file() and marker.encode() in file.read_bytes()]
    assert found == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("@bot", "Tell me in a sentence or two", id="empty"),
        pytest.param("@bot 👍", "no words", id="wordless"),
        pytest.param("@bot what's the weather like in Paris today", "search engine", id="far"),
        pytest.param("@bot " + "x" * 10_001, "10,000 are read", id="too long"),
    ],
)
def test_one_visible_outcome_always(slack: Slack, room: str, text: str, says: str):
    ts = asked(slack, room, text)
    assert says in the_answer(slack, ts).text


@pytest.mark.parametrize(
    "forged",
    ["nonsense", "", "slack:T0001:C1:1.1|0", "slack:T9999:C1:1.1|0", "{turn}|99", "{turn}|-1", "{turn}|x", "{other}|0"],
)
def test_a_forged_button_changes_nothing(slack: Slack, room: str, forged: str, running: Served):
    assert_forgery_changes_nothing(slack, room, VAGUE, lambda _question: "Too many manual steps", forged)


@pytest.mark.parametrize(
    "forged", ["{turn}|ORG-999", "{turn}|BUS-17", "{turn}|", "{turn}", "{other}|ORG-08", "|", "x" * 900]
)
def test_a_forged_pick_changes_nothing(slack: Slack, room: str, forged: str):
    assert_forgery_changes_nothing(slack, room, UNSURE, lambda listed: picks(listed)[0], forged)


def assert_forgery_changes_nothing(
    slack: Slack, room: str, text: str, button: Callable[[Line], str], forged: str
) -> None:
    """The press is refused to the presser alone, here and where the button claims to be of."""
    slack.channel(f"{room}-other", members=["ana"])
    other = asked(slack, f"{room}-other", f"@bot {text}")
    ts = asked(slack, room, f"@bot {text}")
    before = [the_answer(slack, each).text for each in (ts, other)]
    turn = {
        "turn": f"slack:T0001:{slack.channel(room)}:{ts}",
        "other": f"slack:T0001:{slack.channel(f'{room}-other')}:{other}",
    }
    seen = len(slack.ephemerals("ana"))
    shown = the_answer(slack, ts)
    press(slack, "ana", shown.ts, button(shown), value_override=forged.format(**turn))
    assert [the_answer(slack, each).text for each in (ts, other)] == before
    assert len(slack.ephemerals("ana")) == seen + 1


def test_forget_me_erases_every_word_in_every_file(slack: Slack, room: str, running: Served):
    slack.person("eve")
    slack.join("eve", room)
    ts = asked(slack, room, f"@bot {APPROVAL} quokkamarker", person="eve")
    assert holds(running, "quokkamarker")
    slack.command("eve", room, "/mlops", "forget-me", wait=True)
    assert "One message of yours is erased" in last_private(slack, "eve")
    assert not holds(running, "quokkamarker")
    press(slack, "eve", the_answer(slack, ts).ts, "More")
    assert last_private(slack, "eve") == turns.GONE


def test_a_deactivated_account_is_forgotten(slack: Slack, room: str, running: Served):
    slack.person("fay")
    slack.join("fay", room)
    asked(slack, room, f"@bot {APPROVAL} wombatmarker", person="fay")
    slack.deactivate("fay")
    slack.wait_for(lambda: not holds(running, "wombatmarker"))


def holds(running: Served, marker: str) -> bool:
    return any(marker.encode() in file.read_bytes() for file in running.home.rglob("*") if file.is_file())
