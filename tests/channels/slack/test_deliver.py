"""Slack as a Channel, against a Slack that refuses: each way of delivering by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.slack.client import Api, Pace
from bot.channels.slack.deliver import NOT_THERE, SlackChannel
from bot.channels.slack.receipts import Receipts
from bot.conversations.channel import PRIVATE, Address, LookupImpossible, NotDelivered, Undeliverable
from bot.conversations.message_view import HOW_TO_ASK, MessageView, Withdrawn
from bot.store import Room
from tests.standins.slack import Slack

VIEW = MessageView("turn-1", HOW_TO_ASK, "U0ANA")
SAYS = HOW_TO_ASK.text[:20]
BEGAN = datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


@dataclass
class Delivery:
    channel: SlackChannel
    slack: Slack
    ana: str
    ml: str

    def address(self, **changed: object) -> Address:
        room = Room("slack", self.slack.team_id, self.ml)
        return replace(Address(room, self.ana, False, None, None, None), **changed)  # pyright: ignore[reportArgumentType]

    def hook(self) -> str:
        return self.slack.api.new_hook(self.ana, self.ml, None)


def play(slack: Slack, story: Callable[[Delivery], Awaitable[None]]) -> None:
    async def playing() -> None:
        api = Api(slack.token, slack.base_url)
        receipts = Receipts(api)
        try:
            ml = slack.channel("ml", members=["ana", "bo"])
            channel = SlackChannel(api, slack.base_url, receipts, Pace(every_s=0.0))
            await story(Delivery(channel, slack, slack.person("ana"), ml))
        finally:
            await receipts.close()
            await api.close()

    asyncio.run(playing())


def test_a_post_is_found_again_and_replaced(slack: Slack):
    async def story(it: Delivery) -> None:
        posted = await it.channel.post(it.address(), VIEW)
        assert await it.channel.find(it.address(), "turn-1", BEGAN) == posted
        assert await it.channel.find(it.address(), "turn-2", BEGAN) is None
        await it.channel.replace(it.address(posted=posted), replace(VIEW, body=Withdrawn()))
        (line,) = slack.visible("ml")
        assert (line.ts, line.edited) == (posted, True)
        assert "was deleted" in line.text

    play(slack, story)


def test_a_thread_is_posted_in_and_looked_through(slack: Slack):
    async def story(it: Delivery) -> None:
        root = slack.say("ana", "ml", "legal takes weeks")
        posted = await it.channel.post(it.address(under=root), VIEW)
        assert await it.channel.find(it.address(under=root), "turn-1", BEGAN) == posted

    play(slack, story)


def test_blocks_that_slack_refuses_leave_the_text(slack: Slack):
    async def story(it: Delivery) -> None:
        slack.fail("chat.postMessage", "error:invalid_blocks")
        await it.channel.post(it.address(), VIEW)
        (line,) = slack.visible("ml")
        assert SAYS in line.text
        assert not line.blocks

    play(slack, story)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("error:not_in_channel", Undeliverable), ("503", NotDelivered), ("error:internal_error", NotDelivered)],
)
def test_a_refusal_for_good_is_told_from_one_that_may_pass(slack: Slack, fault: str, error: type[Exception]):
    async def story(it: Delivery) -> None:
        slack.fail("chat.postMessage", *[fault] * 5)
        with pytest.raises(error):
            await it.channel.post(it.address(), VIEW)
        assert len(slack.calls_of("chat.postMessage")) == 1  # it may have been seen: never repeated by itself

    play(slack, story)


def test_what_somebody_took_away_is_not_put_back(slack: Slack):
    async def story(it: Delivery) -> None:
        await it.channel.replace(it.address(posted="1.000001"), VIEW)
        slack.fail("chat.update", "error:is_archived")
        with pytest.raises(Undeliverable, match="is_archived"):
            await it.channel.replace(it.address(posted="1.000001"), VIEW)

    play(slack, story)


def test_a_private_answer_goes_by_its_address_or_where_it_was_asked_or_directly(slack: Slack):
    async def story(it: Delivery) -> None:
        assert await it.channel.post(it.address(private=True, reply_url=it.hook()), VIEW) == PRIVATE
        assert await it.channel.post(it.address(private=True), VIEW) == PRIVATE
        assert [SAYS in line.text for line in slack.ephemerals("ana")] == [True, True]
        slack.fail("chat.postEphemeral", "error:user_not_in_channel")
        assert await it.channel.post(it.address(private=True), VIEW) == PRIVATE
        dead = f"{slack.url}/hooks/none"
        assert await it.channel.post(it.address(private=True, reply_url=dead), VIEW) == PRIVATE
        foreign = "https://example.com/hooks/x"
        assert await it.channel.post(it.address(private=True, reply_url=foreign), VIEW) == PRIVATE
        direct = slack.dm("ana")
        assert [SAYS in line.text for line in slack.visible(direct)] == [True] * 3
        assert slack.visible("ml") == []

    play(slack, story)


def test_a_private_answer_is_replaced_by_its_address_alone(slack: Slack):
    async def story(it: Delivery) -> None:
        private = it.address(private=True, posted=PRIVATE, reply_url=it.hook())
        await it.channel.replace(private, VIEW)
        assert slack.calls_of("response_url")[-1].args["replace_original"] is True
        await it.channel.replace(replace(private, reply_url=None), replace(VIEW, body=Withdrawn()))
        assert slack.calls_of("chat.postMessage") == []
        await it.channel.replace(replace(private, reply_url=None), VIEW)
        assert len(slack.visible(slack.dm("ana"))) == 1
        with pytest.raises(LookupImpossible):
            await it.channel.find(private, "turn-1", BEGAN)

    play(slack, story)


@pytest.mark.parametrize("reason", ["missing_scope", "not_in_channel", "thread_not_found"])
def test_where_there_is_no_history_to_look_through(slack: Slack, reason: str):
    async def story(it: Delivery) -> None:
        slack.fail("conversations.history", f"error:{reason}")
        with pytest.raises(LookupImpossible):
            await it.channel.find(it.address(), "turn-1", BEGAN)

    play(slack, story)


def test_an_answer_that_cannot_be_posted_reaches_its_asker_or_the_log(slack: Slack):
    async def story(it: Delivery) -> None:
        await it.channel.deliver_privately(it.address(), VIEW, "not_in_channel")
        (line,) = slack.visible(slack.dm("ana"))
        assert line.text.startswith(NOT_THERE.format(reason="not_in_channel"))
        await it.channel.deliver_privately(it.address(), replace(VIEW, body=Withdrawn()), "not_in_channel")
        slack.fail("conversations.open", "error:user_not_found")
        await it.channel.deliver_privately(it.address(), VIEW, "not_in_channel")
        assert len(slack.visible(slack.dm("ana"))) == 1

    play(slack, story)


def test_who_is_a_guest_is_asked_once_an_hour_and_assumed_where_nobody_says(slack: Slack):
    async def story(it: Delivery) -> None:
        room = Room("slack", slack.team_id, it.ml)
        assert not await it.channel.is_guest(room, it.ana)
        assert not await it.channel.is_guest(room, it.ana)
        assert len(slack.calls_of("users.info")) == 1
        slack.fail("users.info", "error:missing_scope")
        assert await it.channel.is_guest(room, slack.person("bo"))

    play(slack, story)
