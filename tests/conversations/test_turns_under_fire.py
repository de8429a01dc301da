"""Bursts, edits, presses, deletions, crashes and two replicas, in any order: one visible outcome for each turn.

Every step of each story may be the last one before its process dies, or wait for any other. Run with -s to see how much
was played.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.bot import Bot
from bot.conversations.channel import PRIVATE
from bot.conversations.incoming import ButtonAction, IncomingMessage
from bot.conversations.message_view import Withdrawn
from bot.conversations.turns import options
from bot.store import Database
from tests.conversations.world import Press, Replica, Seen, World, is_shown

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
TEXTS = (
    "legal needs six weeks for every model update",
    "The model has been in a notebook since March, and infra says deploying it is not their job",
    "deploying models is painful",
    "hello",
    "thanks!",
    "no, it's more that nobody owns the model",
    "2",
)
PEOPLE = ("ana", "bo")
SMALL = settings(
    max_examples=20,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LARGE = settings(SMALL, max_examples=1000, stateful_step_count=100, derandomize=False, phases=(Phase.generate,))
"""Without shrinking, which takes hours here; the steps that failed are printed all the same."""
Result = TypeVar("Result")


class Played:
    """What was played, to be told at the end."""

    examples = steps = turns = kills = refused = 0


class Machine(RuleBasedStateMachine):
    home: Path
    url: str | None
    bot: Bot
    played: Played
    numbers: itertools.count[int]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        number = next(self.numbers)
        self.world = World(self.home, self.url, self.bot, NOW + timedelta(days=3 * number), f"T{number}")
        self.messages: list[IncomingMessage] = []
        self.taken_in: set[str] = set()
        self.events = itertools.count()
        self.presses = 0
        self.played.examples += 1

    def run(self, story: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(story)

    @rule(
        author=st.sampled_from(PEOPLE),
        kind=st.sampled_from(("mention", "direct", "direct", "command")),
        text=st.sampled_from(TEXTS),
        gap_s=st.sampled_from((0.0, 0.5, 1.5, 5.0, 60.0)),
        twins=st.booleans(),
    )
    def say(self, author: str, kind: Any, text: str, gap_s: float, twins: bool) -> None:
        self.pass_time(gap_s)
        room = f"D{author}" if kind == "direct" else "C1"
        self.tell(self.world.say(room, kind, author, text, None), twins)

    @precondition(lambda self: [each for each in self.messages if each.kind != "command"])
    @rule(data=st.data(), text=st.sampled_from(TEXTS), gap_s=st.sampled_from((0.0, 1.0, 30.0)))
    def go_on_in_the_thread(self, data: st.DataObject, text: str, gap_s: float) -> None:
        self.pass_time(gap_s)
        to = data.draw(st.sampled_from([each for each in self.messages if each.kind != "command"]))
        kind = "direct" if to.kind == "direct" else "mention"
        self.tell(self.world.say(to.room.id, kind, to.author, text, to.thread), twins=False)

    @precondition(lambda self: [each for each in self.messages if self.is_there(each)])
    @rule(data=st.data(), text=st.sampled_from(TEXTS))
    def edit(self, data: st.DataObject, text: str) -> None:
        incoming = data.draw(st.sampled_from([each for each in self.messages if self.is_there(each)]))
        edited = self.world.edit(incoming, text)
        self.run(self.event(lambda replica: replica.inbox.edit(edited)))

    @precondition(lambda self: [each for each in self.messages if self.is_there(each)])
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        incoming = data.draw(st.sampled_from([each for each in self.messages if self.is_there(each)]))
        self.world.said[incoming.id] = None
        self.run(self.event(lambda replica: replica.inbox.delete(incoming.room, incoming.id)))

    @precondition(lambda self: self.pressable())
    @rule(data=st.data(), presser=st.sampled_from((None, None, None, *PEOPLE)))
    def press(self, data: st.DataObject, presser: str | None) -> None:
        seen = data.draw(st.sampled_from(self.pressable()))
        press = data.draw(st.sampled_from(self.buttons_of(seen)))
        self.presses += 1
        action = ButtonAction(
            id=self.world.room(seen.room).key("press", str(self.presses)),
            room=self.world.room(seen.room),
            person=presser or seen.view.asker,
            turn=seen.view.turn,
            message=seen.id,
            private=seen.id == PRIVATE,
            external_user=False,
            reply_url="https://hooks/press",
        )
        self.run(self.event(lambda replica: press(replica.button_actions, action), again=False))

    @rule(data=st.data(), steps=st.integers(1, 4))
    def go_on(self, data: st.DataObject, steps: int) -> None:
        """One of the stories under way takes its next steps."""
        for _ in range(steps):
            for number in (0, 1):
                self.run(self.working(number))
            waiting = self.run(self.world.gates.settle())
            if waiting:
                index = data.draw(st.integers(0, len(waiting) - 1))
                self.run(self.world.gates.let_on(waiting[index]))

    @rule(number=st.integers(0, 1))
    def kill(self, number: int) -> None:
        self.run(self.world.replicas[number].killed())
        self.played.kills += 1

    @precondition(lambda self: self.world.events)
    @rule(number=st.integers(0, 1))
    def tell_again(self, number: int) -> None:
        story = self.world.events.pop(0)
        self.run(self.telling(story, number))

    @rule(hiccup=st.sampled_from(("lost", "lost reply")))
    def hiccup(self, hiccup: Any) -> None:
        self.world.platform.hiccups = [hiccup]

    @rule()
    def come_to_rest(self) -> None:
        self.run(self.world.finish())

    @invariant()
    def what_is_seen_was_answered_and_what_was_answered_was_asked(self) -> None:
        self.played.steps += 1
        for turn in self.run(self.world.turns()):
            assert 0 <= turn.delivered <= turn.answered <= turn.revision, turn
        assert not self.world.failures, self.world.failures

    def teardown(self) -> None:
        try:
            self.run(self.world.finish())
            self.run(self.ended_well())
        finally:
            self.run(self.world.close())
            self.runner.close()

    async def ended_well(self) -> None:
        assert not self.world.failures, self.world.failures
        turns = {turn.id: turn for turn in await self.world.turns()}
        messages = await self.world.messages()
        self.played.turns += len(turns)
        for id, text in self.world.said.items():
            message = messages[id]
            erased = turns[message.turn].erased is not None
            assert message.text == (None if erased else text), (message.text, text)
        for turn in turns.values():
            seen = self.world.platform.of(turn.id)
            firsts = [each for each in seen if not each.view.repeated]
            assert turn.sender is None
            if turn.erased is None:
                assert (turn.delivered, turn.answered) == (turn.revision, turn.revision), turn
                assert len(firsts) == 1 or (turn.private and turn.repeated), (turn, seen)
                assert is_shown(seen[-1], turn), (seen, turn)
            else:
                assert len(firsts) <= 1, seen
                assert all(isinstance(each.view.body, Withdrawn) for each in seen), (turn, seen)
            assert turn.private or len(seen) <= 1, seen

    def tell(self, incoming: IncomingMessage, twins: bool) -> None:
        self.messages.append(incoming)

        async def receive(replica: Replica) -> None:
            await replica.inbox.receive(incoming)
            self.taken_in.add(incoming.id)

        for _ in range(1 + twins):
            self.run(self.event(receive))

    async def event(self, story: Any, *, again: bool = True) -> None:
        """Now to the one replica, now to the other."""
        await self.telling(story, next(self.events) % 2, again=again)

    async def telling(self, story: Any, number: int, *, again: bool = True) -> None:
        self.world.told(story, number, again=again)
        await self.world.gates.settle()

    async def working(self, number: int) -> None:
        self.world.work(number)
        await self.world.gates.settle()

    def pass_time(self, seconds: float) -> None:
        self.world.gates.now += timedelta(seconds=seconds)

    def is_there(self, incoming: IncomingMessage) -> bool:
        """What was taken in already, by whoever: an edit is not told before its message."""
        return incoming.kind != "command" and incoming.id in self.taken_in and self.world.said[incoming.id] is not None

    def pressable(self) -> list[Seen]:
        return [each for each in self.world.platform.seen if not isinstance(each.view.body, Withdrawn)]

    def buttons_of(self, seen: Seen) -> list[Press]:
        turn = next(each for each in self.run(self.world.turns()) if each.id == seen.view.turn)
        buttons: list[Press] = [
            lambda buttons, action: buttons.more(action, True),
            lambda buttons, action: buttons.more(action, False),
            lambda buttons, action: buttons.try_this(action),
            lambda buttons, action: buttons.back(action),
            lambda buttons, action: buttons.none_of_these(action),
            lambda buttons, action: buttons.share(action, with_quotes=True),
            lambda buttons, action: buttons.choose(action, 0),
            lambda buttons, action: buttons.choose(action, None),
            lambda buttons, action: buttons.helpful(action, True),
        ]
        picks: list[Press] = [
            lambda buttons, action, barrier=barrier: buttons.pick(action, barrier)
            for barrier in options(turn).options[:2]
        ]
        return buttons + picks


def play(home: Path, url: str | None, bot: Bot, how_much: settings) -> Played:
    async def migrated() -> None:
        database = Database(home, url)
        await database.migrate()
        await database.close()

    asyncio.run(migrated())
    played = Played()
    known = {"home": home, "url": url, "bot": bot, "played": played, "numbers": itertools.count()}
    run_state_machine_as_test(type("Turns", (Machine,), known), settings=how_much)
    print(
        f"{'sqlite' if url is None else 'postgres'}: {played.examples} examples, {played.steps} steps,"
        f" {played.kills} kills, {played.turns} turns"
    )
    return played


def test_each_turn_has_one_visible_outcome_whatever_happens(tmp_path: Path, database_url: str | None, bot: Bot):
    assert play(tmp_path, database_url, bot, SMALL).turns > 0


@pytest.mark.soak
def test_each_turn_has_one_visible_outcome_for_a_long_time(tmp_path: Path, database_url: str | None, bot: Bot):
    assert play(tmp_path, database_url, bot, LARGE).turns > 0
