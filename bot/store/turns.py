"""The selects and the locks of conversations, turns and messages: the only module that knows how they are found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.audit import AuditLog
from bot.store.rooms import Room
from bot.store.tables import Agreement, Conversation, Feedback, Message, Outcome, Turn

AT_ONCE = 500
"""Rows in one statement: SQLite and Postgres bound how many values it may name."""


class Turns:
    """Conversations, turns and messages in one transaction. What is saved replaces what was found."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # turns

    async def get(self, id: str) -> Turn | None:
        return await self._session.get(Turn, id)

    async def locked(self, id: str) -> Turn | None:
        """Find it, and keep others from replacing it until this transaction ends."""
        return await self._session.get(Turn, id, with_for_update=True)

    async def all_locked(self, ids: Collection[str]) -> Sequence[Turn]:
        """Find and lock several, in the order of their ids: whoever locks more than one must keep it."""
        found = select(Turn).where(Turn.id.in_(ids)).order_by(Turn.id)
        return list(await self._session.scalars(found.with_for_update()))

    async def add(self, turn: Turn) -> None:
        self._session.add(turn)
        await self._session.flush()

    async def save(self, turn: Turn) -> None:
        """Put it in the place of what was found under its id."""
        await self._session.merge(turn)

    async def copies_of(self, ids: Collection[str]) -> Sequence[str]:
        """Return the ids of the turns that share one of these."""
        return list(await self._session.scalars(select(Turn.id).where(Turn.shares.in_(ids)).order_by(Turn.id)))

    async def is_shared(self, id: str) -> bool:
        copies = select(Turn.id).where(Turn.shares == id, Turn.state != "undeliverable")
        return (await self._session.scalars(copies.limit(1))).first() is not None

    async def before(self, turn: Turn) -> Sequence[Turn]:
        """Tell what was said in its conversation before it, oldest first; neither copies nor what was erased."""
        earlier = select(Turn).where(
            Turn.conversation == turn.conversation,
            Turn.received_at < turn.received_at,
            Turn.id != turn.id,
            Turn.erased.is_(None),
            Turn.shares.is_(None),
        )
        return list(await self._session.scalars(earlier.order_by(Turn.received_at)))

    async def last_in_thread(self, room: Room, thread: str, asker: str, since: datetime) -> Turn | None:
        """Tell what this person asked last in this thread."""
        theirs = select(Turn).join(Conversation, Conversation.id == Turn.conversation)
        theirs = theirs.where(*_in(room), Conversation.thread == thread, Turn.asker == asker, Turn.received_at >= since)
        return (await self._session.scalars(theirs.order_by(Turn.received_at.desc()).limit(1))).first()

    async def near(
        self, room: Room, author: str, said_at: datetime, within: timedelta, *, thread: str | None
    ) -> Turn | None:
        """Find and lock the turn of this person's message closest before or after; in a `thread`, or in private."""
        near = (
            select(Turn)
            .join(Message, Message.turn == Turn.id)
            .join(Conversation, Conversation.id == Turn.conversation)
            .where(
                Message.workspace == room.workspace,
                Message.room == room.id,
                Message.author == author,
                Message.said_at.between(said_at - within, said_at + within),
                Turn.erased.is_(None),
                Turn.shares.is_(None),
                Turn.state != "undeliverable",
                Turn.private.is_(False) if thread is None else Conversation.thread == thread,
            )
            .order_by(Message.said_at.desc())
            .limit(1)
        )
        return (await self._session.scalars(near.with_for_update(of=Turn))).first()

    async def unfinished(self, since: datetime, until: datetime, most: int) -> Sequence[Turn]:
        """Turns received in this time of which something is to be answered or shown still, the longest waiting first.

        Those that somebody is sending right now are left out.
        """
        waiting = select(Turn).where(
            Turn.received_at.between(since, until),
            Turn.delivered < Turn.revision,
            Turn.erased.is_(None),
            Turn.state != "sending",
        )
        return list(await self._session.scalars(waiting.order_by(Turn.received_at).limit(most)))

    async def older_than(self, moment: datetime, most: int = AT_ONCE) -> Sequence[str]:
        """Return the ids of turns received before whose words are kept still."""
        old = select(Turn.id).where(Turn.received_at < moment, Turn.erased.is_(None))
        return list(await self._session.scalars(old.order_by(Turn.id).limit(most)))

    async def of_person(self, workspace: str, person: str) -> Sequence[str]:
        """Return the ids of the turns that this person asked, or that answer a message of theirs."""
        here = select(Conversation.id).where(Conversation.workspace == workspace)
        wrote = select(Message.turn).where(_by(workspace, person))
        theirs = ((Turn.asker == person) & Turn.conversation.in_(here)) | Turn.id.in_(wrote)
        return list(await self._session.scalars(select(Turn.id).where(theirs).order_by(Turn.id)))

    async def drop_reply_urls(self, before: datetime) -> None:
        """Erase the addresses for private replies of turns received before: they no longer work."""
        dead = update(Turn).where(Turn.reply_url.is_not(None), Turn.received_at < before)
        await self._session.execute(dead.values(reply_url=None))

    # conversations

    async def conversation(self, id: str) -> Conversation:
        """Raises sqlalchemy.exc.NoResultFound."""
        return await self._session.get_one(Conversation, id)

    async def conversation_in(self, room: Room, thread: str) -> Conversation | None:
        there = select(Conversation).where(*_in(room), Conversation.thread == thread)
        return (await self._session.scalars(there.order_by(Conversation.opened_at).limit(1))).first()

    async def open(self, id: str, room: Room, thread: str, asker: str, now: datetime) -> Conversation:
        conversation = Conversation(
            id=id, channel=room.channel, workspace=room.workspace, room=room.id, thread=thread, asker=asker,
            opened_at=now, answered_at=None, index_version=None,
        )  # fmt: skip
        self._session.add(conversation)
        await self._session.flush()
        return conversation

    async def note_answer(self, turn: Turn) -> None:
        """Tell its conversation when it was answered last, and on which index version it began."""
        began_with = func.coalesce(Conversation.index_version, turn.index_version)
        opened = update(Conversation).where(Conversation.id == turn.conversation)
        await self._session.execute(opened.values(answered_at=turn.answered_at, index_version=began_with))

    async def move_thread(self, conversation: str, thread: str) -> None:
        (await self.conversation(conversation)).thread = thread

    # messages

    async def message(self, id: str) -> Message | None:
        return await self._session.get(Message, id)

    def add_message(self, message: Message) -> None:
        self._session.add(message)

    async def texts_of(self, turn: str) -> tuple[str, ...]:
        """Tell what its messages say, in the order in which they were said; without those that were erased."""
        said = select(Message.text).where(Message.turn == turn, Message.text.is_not(None))
        return tuple(filter(None, await self._session.scalars(said.order_by(Message.said_at, Message.id))))

    async def messages_of(self, turn: str) -> int:
        return await self._session.scalar(select(func.count()).select_from(Message).where(Message.turn == turn)) or 0

    async def last_said_in(self, turn: str) -> datetime | None:
        return await self._session.scalar(select(func.max(Message.said_at)).where(Message.turn == turn))

    async def texts_kept(self, workspace: str, person: str) -> int:
        """Tell how many messages of this person have a text still."""
        theirs = select(func.count()).select_from(Message).where(_by(workspace, person), Message.text.is_not(None))
        return await self._session.scalar(theirs) or 0

    async def erase_texts(self, turns: Collection[str]) -> None:
        await self._session.execute(update(Message).where(Message.turn.in_(turns)).values(text=None))

    # what people said of them

    async def tried_by(self, turn: Turn) -> tuple[str, ...]:
        """Tell who takes on the first step of what it shows, in the order in which they said so."""
        trying = select(Outcome.person).where(Outcome.turn == turn.id, Outcome.barrier == turn.barrier)
        return tuple(await self._session.scalars(trying.order_by(Outcome.at)))

    def add_outcome(self, outcome: Outcome) -> None:
        self._session.add(outcome)

    async def keep_opinion(self, opinion: Feedback) -> None:
        await self._session.merge(opinion)

    async def drop_opinions(self, workspace: str, person: str) -> None:
        """Erase what this person said of any answer here, and what they took on."""
        here = select(Turn.id).join(Conversation, Conversation.id == Turn.conversation)
        here = here.where(Conversation.workspace == workspace)
        await self._session.execute(delete(Feedback).where(Feedback.person == person, Feedback.turn.in_(here)))
        await self._session.execute(delete(Agreement).where(Agreement.person == person, Agreement.turn.in_(here)))
        await self._session.execute(delete(Outcome).where(Outcome.person == person, Outcome.workspace == workspace))

    @property
    def audit(self) -> AuditLog:
        return AuditLog(self._session)


def _in(room: Room) -> tuple[ColumnElement[bool], ...]:
    return Conversation.workspace == room.workspace, Conversation.room == room.id


def _by(workspace: str, person: str) -> ColumnElement[bool]:
    return (Message.author == person) & (Message.workspace == workspace)
