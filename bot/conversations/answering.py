"""The first step of a turn's workflow: load, triage, compose, store. May be repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.app import Bot, Reply
from bot.conversations.dialogue import continued, worth_reading
from bot.conversations.inbox import Clock
from bot.conversations.shown import HOW_TO_ASK, MAX_REJECTED, OUT_OF_GUESSES, Body, Failed, Notice, restored, stored
from bot.errors import MessageUnreadable
from bot.guidance.declined import declined
from bot.knowledge import Choice
from bot.store import Database
from bot.store.tables import Conversation, Turn
from bot.store.tables import Message as StoredMessage
from bot.triage import Answer, AskedQuestion, Clarify, Decline, Message, Triage


@dataclass(frozen=True, slots=True)
class _Said:
    """What a turn is to answer, read in one go."""

    turn: Turn
    texts: tuple[str, ...]
    earlier: Message | None
    pending: AskedQuestion | None
    told: str | None


@dataclass(frozen=True, slots=True)
class _Answered:
    body: Body
    alone: bool
    rejected: tuple[str, ...]
    reply: Reply | None


class Answering:
    """Brings the reply of a turn up to its revision. `pool` holds the computing."""

    def __init__(self, bot: Bot, database: Database, pool: Executor, clock: Clock) -> None:
        self._bot = bot
        self._database = database
        self._pool = pool
        self._clock = clock

    async def answer(self, turn_id: str) -> None:
        """Answer what the turn asks now; again, while it changes meanwhile. Nothing for one that was erased."""
        while said := await self._load(turn_id):
            if said.turn.shares is not None:
                answered = None
            else:
                loop = asyncio.get_running_loop()
                answered = await loop.run_in_executor(self._pool, self._answered, said)
            if await self._save(said.turn, answered):
                return

    async def fail(self, turn_id: str, reference: str) -> None:
        """What is shown when answering failed for good."""
        async with self._database.writing() as session:
            turn = await session.get_one(Turn, turn_id, with_for_update=True)
            if turn.erased is None:
                turn.reply, turn.failure, turn.action = stored(Failed(reference)), reference, "failed"
                turn.answered, turn.answered_at = turn.revision, self._clock()

    async def _load(self, turn_id: str) -> _Said | None:
        async with self._database.reading() as session:
            turn = await session.get(Turn, turn_id)
            if turn is None or turn.erased is not None or turn.answered >= turn.revision:
                return None
            texts = await _texts_of(session, turn.id)
            before = select(Turn).where(
                Turn.conversation == turn.conversation,
                Turn.heard_at < turn.heard_at,
                Turn.id != turn.id,
                Turn.erased.is_(None),
                Turn.shares.is_(None),
            )
            past = list(await session.scalars(before.order_by(Turn.heard_at)))
            earlier = await _earlier(session, past)
        last = next((each for each in reversed(past) if not each.alone), None)
        return _Said(turn, texts, earlier, _pending(last), last.barrier if last else None)

    def _answered(self, said: _Said) -> _Answered:
        turn = said.turn
        if len(turn.rejected) > MAX_REJECTED:
            return _Answered(OUT_OF_GUESSES, turn.alone, tuple(turn.rejected), None)
        if not any(text.strip() for text in said.texts):
            return _Answered(HOW_TO_ASK, True, (), None)
        try:
            text = "\n".join(worth_reading(said.texts, self._judge))
            now = continued(said.earlier, text, said.pending, said.told, self._judge)
            message = _with_presses(now.message, turn)
            reply = self._bot.reply(message)
        except MessageUnreadable as error:
            return _Answered(Notice("unreadable", str(error)), True, (), None)
        body = self._body(reply)
        alone = now.alone or isinstance(reply.outcome, Decline)
        return _Answered(body, alone, message.rejected, reply)

    def _judge(self, message: Message) -> Triage:
        return self._bot.triage(message).outcome

    def _body(self, reply: Reply) -> Body:
        match reply.outcome:
            case Answer():
                assert reply.guidance is not None, "an answer comes with its guidance"
                return reply.guidance
            case Clarify(question=question):
                return question
            case Decline() as decline:
                return declined(decline, self._bot.version.knowledge)

    async def _save(self, asked: Turn, answered: _Answered | None) -> bool:
        """Whether the answer is to what the turn asks still."""
        async with self._database.writing() as session:
            turn = await session.get_one(Turn, asked.id, with_for_update=True)
            if turn.erased is not None:
                return True
            if turn.revision != asked.revision:
                return False
            now = self._clock()
            if answered is not None:
                self._label(turn, answered)
                turn.reply = stored(answered.body)
            turn.answered, turn.answered_at = turn.revision, now
            conversation = await session.get_one(Conversation, turn.conversation)
            conversation.answered_at = now
            conversation.index_version = conversation.index_version or self._bot.version.number
        return True

    def _label(self, turn: Turn, answered: _Answered) -> None:
        turn.alone, turn.rejected, turn.failure = answered.alone, list(answered.rejected), None
        turn.index_version = self._bot.version.number
        turn.decline_kind = turn.question = turn.notice = turn.theme = turn.barrier = turn.confidence = None
        if answered.reply is None:
            turn.action = "notice"
            turn.notice = answered.body.about if isinstance(answered.body, Notice) else None
            return
        outcome = answered.reply.outcome
        first = outcome.ranking.barriers[0]
        turn.confidence = outcome.confidence
        turn.theme = first.theme
        match outcome:
            case Answer():
                assert answered.reply.guidance is not None, "an answer comes with its guidance"
                barrier = answered.reply.guidance.barrier.id
                turn.action, turn.barrier = "answer", barrier
                turn.theme = self._bot.version.knowledge.barrier_by_id[barrier].theme
            case Clarify(question=question):
                turn.action, turn.question = "clarify", question.id
                turn.offered = [choice.model_dump(mode="json") for choice in question.choices]
            case Decline(kind=kind):
                turn.action, turn.theme, turn.decline_kind = "decline", None, kind


async def _texts_of(session: AsyncSession, turn: str) -> tuple[str, ...]:
    said = select(StoredMessage.text).where(StoredMessage.turn == turn, StoredMessage.text.is_not(None))
    return tuple(filter(None, await session.scalars(said.order_by(StoredMessage.said_at, StoredMessage.id))))


async def _earlier(session: AsyncSession, past: Sequence[Turn]) -> Message | None:
    """The conversation so far as one message; what stood alone in it left out."""
    texts: list[str] = []
    message: Message | None = None
    for turn in past:
        if turn.alone:
            continue
        texts += await _texts_of(session, turn.id)
        if texts:
            kept = _with_presses(replace(message or Message(""), text="\n".join(texts)), turn)
            if turn.rejected and not turn.asked:  # what was taken back in words takes an earlier choice with it
                kept = replace(kept, offered=(), chosen=None)
            message = kept
    return message


def _with_presses(message: Message, turn: Turn) -> Message:
    """With what the asker pressed in this turn: a choice, "not this"."""
    rejected = tuple(dict.fromkeys((*message.rejected, *turn.rejected)))
    if not turn.asked:
        return Message(message.text, message.asked, message.offered, message.chosen, rejected)
    offered = tuple(Choice.model_validate(choice, strict=False) for choice in turn.offered)
    taken = None if turn.chosen is None else offered[turn.chosen]
    return Message(message.text, True, offered, taken, rejected)


def _pending(last: Turn | None) -> AskedQuestion | None:
    """The question that the last turn asked, unless it was answered by a button."""
    if last is None or last.action != "clarify" or last.asked or last.reply is None:
        return None
    try:
        question = restored(last.reply)
    except ValidationError:
        return None
    return question if isinstance(question, AskedQuestion) else None
