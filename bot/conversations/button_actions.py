"""Buttons: what each of them changes. What a button claims is looked up, never trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.clock import Clock
from bot.conversations import turns
from bot.conversations.delivering import view_of
from bot.conversations.inbox import Start
from bot.conversations.incoming import ButtonAction
from bot.conversations.message_view import MessageView
from bot.conversations.turns import Refused
from bot.store import Database, Gaps, Turns
from bot.store.tables import Conversation, Feedback, Outcome, Turn

THANKS = "Thank you, noted."
NOT_HELPFUL = (
    "Noted, thank you. “Rather this?” shows what else it could be, and one more sentence about it often does better."
)
WILL_TELL = "Noted. When I learn something about this, I say so in this thread."
ALREADY_SHARED = "You have shared this already."
ALREADY_TRYING = "You are trying this already."

Change = Callable[[Turn], Turn]


class ButtonActions:
    """Each raises Refused. What changes the answer starts the turn's workflow again, under the press's own id."""

    def __init__(self, database: Database, start: Start, clock: Clock) -> None:
        self._database = database
        self._start = start
        self._clock = clock

    async def choose(self, action: ButtonAction, choice: int | None) -> None:
        """Answer a clarifying question: the place of a choice, or None for "something else"."""
        await self._change(action, lambda turn: turns.chosen(turn, choice))

    async def pick(self, action: ButtonAction, barrier: str) -> None:
        """Show a barrier of the list, or one that stands beside the answer, in its place."""
        await self._change(action, lambda turn: turns.picked(turn, barrier))

    async def back(self, action: ButtonAction) -> None:
        """Show again what was shown before a barrier was picked."""
        await self._change(action, turns.went_back)

    async def none_of_these(self, action: ButtonAction) -> None:
        """Take back what was told and what stood beside it: ask, or where that was done, give in."""
        await self._change(action, turns.fitted_nothing)

    async def more(self, action: ButtonAction, wanted: bool) -> MessageView | None:
        """Unfold or fold the asker's answer in place; for anybody else, what to show to them alone."""
        async with self._database.writing() as session:
            found = Turns(session)
            turn, _ = await _allowed(found, action)
            if turn.asker != action.person:
                # "You wrote" is wrong for anybody but the asker, and those words may not be theirs to read.
                view = await view_of(found, turn)
                return replace(view, asker=action.person, private=True, more=True, with_quotes=False)
            await found.save(turns.reachable(turns.unfolded(turn, wanted), action.reply_url))
        await self._start(action.id, action.turn)
        return None

    async def helpful(self, action: ButtonAction, helpful: bool) -> str:
        """Keep an opinion, the last one of each person; a sentence to thank with."""
        async with self._database.writing() as session:
            found = Turns(session)
            turn, _ = await _allowed(found, action)
            await found.keep_opinion(Feedback(turn=turn.id, person=action.person, helpful=helpful, at=self._clock()))
        return THANKS if helpful else NOT_HELPFUL

    async def tell_me(self, action: ButtonAction) -> str:
        """Keep that whoever asked wants to hear when there is a better answer; a sentence that says so."""
        async with self._database.writing() as session:
            turn, _ = await _allowed(Turns(session), action, asker_only=True)
            await Gaps(session).agree(turn.id, action.person, self._clock())
        return WILL_TELL

    async def try_this(self, action: ButtonAction) -> None:
        """Take the first step on; the answer says so."""
        async with self._database.writing() as session:
            found = Turns(session)
            before, conversation = await _allowed(found, action)
            if action.person in await found.tried_by(before):
                raise Refused(ALREADY_TRYING)
            turn, guidance = turns.tried(before)
            found.add_outcome(
                Outcome(
                    turn=turn.id,
                    workspace=conversation.workspace,
                    room=conversation.room,
                    barrier=guidance.barrier.id,
                    recommendation=guidance.first_step.citation.record,
                    person=action.person,
                    state="trying",
                    at=self._clock(),
                )
            )
            await found.save(turns.reachable(turn, action.reply_url))
        await self._start(action.id, action.turn)

    async def share(self, action: ButtonAction, *, with_quotes: bool) -> None:
        """Post a copy of a private answer in its room, the asker's own words only if they say so."""
        async with self._database.writing() as session:
            found, now = Turns(session), self._clock()
            turn, _ = await _allowed(found, action, asker_only=True)
            copy = turns.shared(turn, action.id, action.id, now, with_quotes=with_quotes)
            if await found.is_shared(turn.id):
                raise Refused(ALREADY_SHARED)
            await found.open(copy.conversation, action.room, action.id, action.person, now)
            await found.add(copy)
            details = {"with_quotes": with_quotes}
            found.audit.add(now, action.room.workspace, action.person, "share", action.room.id, details)
        await self._start(action.id, action.id)

    async def _change(self, action: ButtonAction, change: Change) -> None:
        """Change the asker's own turn, which is answered and shown again afterwards."""
        async with self._database.writing() as session:
            found = Turns(session)
            turn, _ = await _allowed(found, action, asker_only=True)
            await found.save(turns.reachable(change(turn), action.reply_url))
        await self._start(action.id, action.turn)


async def _allowed(found: Turns, action: ButtonAction, *, asker_only: bool = False) -> tuple[Turn, Conversation]:
    """Find and lock the button's turn, and its conversation. Raises Refused."""
    turn = await found.locked(action.turn)
    conversation = await found.conversation(turn.conversation) if turn else None
    return turns.allowed(turn, conversation, action, asker_only=asker_only)
