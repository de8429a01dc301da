"""From what is heard to a turn and a started workflow. What is not for us is dropped before anything is written."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.backlog import Backlog
from bot.conversations.heard import (
    BURST_WITHIN,
    EDIT_COUNTS_FOR,
    FOLLOW_UP_FOR,
    Edited,
    Heard,
    can_be_a_burst,
    continues,
    is_for_us,
)
from bot.store import Database, Room
from bot.store.privacy import erase_messages
from bot.store.rooms import manners_of
from bot.store.tables import Conversation, Message, Turn

Start = Callable[[str, str], Awaitable[None]]
"""Starts the workflow of that id for that turn; a workflow that was started before is not started again."""
Clock = Callable[[], datetime]
LOST_AFTER, LOST_AT_ONCE = timedelta(seconds=60), 200
REMEMBERED = 10_000
"""More messages than come within the minutes in which a platform tells of one again."""


class Remembered:
    """The ids of late, so many and no more."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()

    def add(self, id: str) -> None:
        self._ids[id] = None
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)

    def __contains__(self, id: str) -> bool:
        return id in self._ids


class Inbox:
    """Upserts the turn, then starts its workflow: always both, so that a crash between the two is mended by a retry."""

    def __init__(self, database: Database, start: Start, backlog: Backlog, clock: Clock) -> None:
        self._database = database
        self._start = start
        self._backlog = backlog
        self._clock = clock
        self._begun = Remembered()
        self._gone = Remembered()

    async def hear(self, heard: Heard, edit: str | None = None) -> str | None:
        """The turn that answers it; None when it is not for us (nothing of it was kept then), or known already."""
        if heard.id in self._begun:  # a twin or a retry of what this process has safely begun
            return None
        if heard.id in self._gone:  # taken away before it was told
            return None
        for_us = is_for_us(heard)
        if for_us is None:
            async with self._database.reading() as session:
                for_us = await self._follows_up(session, heard)
        if not for_us:
            return None
        async with self._database.writing(heard.room.key(heard.author)) as session:
            turn = await self._upsert(session, heard, edit)
        self._backlog.begun(turn)
        await self._start(heard.id, turn)
        self._begun.add(heard.id)
        return turn

    async def edit(self, edited: Edited) -> str | None:
        """An edit of what we heard, within five minutes, is answered again in place; later only the text is kept."""
        heard, now = edited.heard, self._clock()
        async with self._database.reading() as session:
            known = await session.get(Message, heard.id)
        if known is None:
            fresh = now - heard.said_at <= EDIT_COUNTS_FOR
            return await self.hear(heard, edited.edit) if fresh and heard.kind in ("mention", "direct") else None
        if (
            known.author != heard.author or (known.edited or "") >= edited.edit
        ):  # told late: a newer one was there first
            return None
        async with self._database.writing(heard.room.key(heard.author)) as session:
            message = await session.get_one(Message, heard.id)
            turn = await session.get_one(Turn, message.turn, with_for_update=True)
            if message.text is None or (message.edited or "") >= edited.edit:
                counts = False
            elif message.text == heard.text:
                message.edited, counts = edited.edit, False
            else:
                message.text, message.edited = heard.text, edited.edit
                counts = now - message.said_at <= EDIT_COUNTS_FOR and turn.erased is None
                turn.revision += counts
        if not counts:
            return None
        await self._start(f"{heard.id}+{edited.edit}", turn.id)
        return turn.id

    async def delete(self, room: Room, message_id: str) -> str | None:
        """Its text goes now, and what the answer quotes of it. The turn, when there was one."""
        async with self._database.reading() as session:
            known = await session.get(Message, message_id)
        if known is None:
            self._gone.add(message_id)  # in memory alone: most of what people delete was never ours to keep
            return None
        if known.room != room.id or known.workspace != room.workspace:
            return None
        async with self._database.writing(room.key(known.author)) as session:
            await erase_messages(session, [message_id], "deleted")
        await self._database.forget_pages()
        await self._start(f"{message_id}-deleted", known.turn)
        return known.turn

    async def take_up_lost(self) -> int:
        """Start the workflow of each turn that nobody began to answer; how many there are.

        The turn is committed before its workflow: a crash or a power cut between the two may leave it alone. What was
        started is not started again, so that it costs nothing to ask.
        """
        now = self._clock()
        alone = select(Turn.id).where(
            Turn.heard_at.between(now - FOLLOW_UP_FOR, now - LOST_AFTER),
            Turn.answered == 0,
            Turn.erased.is_(None),
            Turn.shares.is_(None),
        )
        async with self._database.reading() as session:
            turns = list(await session.scalars(alone.order_by(Turn.heard_at).limit(LOST_AT_ONCE)))
        for turn in turns:
            await self._start(turn, turn)
        return len(turns)

    async def _follows_up(self, session: AsyncSession, heard: Heard) -> bool:
        last_heard = (
            select(Turn.heard_at, Turn.answered_at)
            .join(Conversation, Conversation.id == Turn.conversation)
            .where(
                Conversation.workspace == heard.room.workspace,
                Conversation.room == heard.room.id,
                Conversation.thread == heard.thread,
                Turn.asker == heard.author,
                Turn.heard_at >= heard.said_at - 2 * FOLLOW_UP_FOR,
            )
            .order_by(Turn.heard_at.desc())
            .limit(1)
        )
        found = (await session.execute(last_heard)).first()
        last_at = (found.answered_at or found.heard_at) if found else None
        return last_at is not None and continues(last_at, await manners_of(session, heard.room), heard.said_at)

    async def _upsert(self, session: AsyncSession, heard: Heard, edit: str | None) -> str:
        if known := await session.get(Message, heard.id):
            return known.turn
        turn = await self._burst(session, heard)
        if turn is None:
            turn = await self._new_turn(session, heard)
        else:
            turn.revision += 1
        session.add(
            Message(
                id=heard.id,
                turn=turn.id,
                workspace=heard.room.workspace,
                room=heard.room.id,
                author=heard.author,
                said_at=heard.said_at,
                edited=edit,
                text=heard.text,
            )
        )
        return turn.id

    async def _burst(self, session: AsyncSession, heard: Heard) -> Turn | None:
        """The turn that a message belongs to because it came right before or after another of the same person."""
        if not can_be_a_burst(heard):
            return None
        near = (
            select(Turn)
            .join(Message, Message.turn == Turn.id)
            .join(Conversation, Conversation.id == Turn.conversation)
            .where(
                Message.workspace == heard.room.workspace,
                Message.room == heard.room.id,
                Message.author == heard.author,
                Message.said_at.between(heard.said_at - BURST_WITHIN, heard.said_at + BURST_WITHIN),
                Turn.erased.is_(None),
                Turn.shares.is_(None),
                Turn.state != "undeliverable",
            )
            .order_by(Message.said_at.desc())
            .limit(1)
        )
        if heard.kind != "direct":
            near = near.where(Conversation.thread == heard.thread)
        else:
            near = near.where(Turn.private.is_(False))
        turn = (await session.scalars(near.with_for_update(of=Turn))).first()
        if turn is None or turn.posted is None:
            return turn
        # Answered already: it joins only what was being typed at the same place, not the answer it may reply to.
        began = await session.get_one(Conversation, turn.conversation)
        turn_is_root = turn.id == heard.room.key(began.thread)
        return turn if turn.waits and turn_is_root == heard.is_root else None

    async def _new_turn(self, session: AsyncSession, heard: Heard) -> Turn:
        private = heard.kind == "command"
        if heard.kind in ("mention", "thread"):
            private = await manners_of(session, heard.room) == "quiet"
        conversation = await conversation_of(session, heard.room, heard.thread)
        if conversation is None:
            conversation = new_conversation(heard.id, heard.room, heard.thread, heard.author, self._clock())
            session.add(conversation)
            await session.flush()
        turn = new_turn(
            heard.id, conversation.id, heard.author, self._clock(), post_in=heard.room.id, post_under=heard.thread
        )
        turn.private, turn.outsider, turn.reply_url = private, heard.outsider, heard.reply_url
        turn.waits = can_be_a_burst(heard)
        session.add(turn)
        await session.flush()
        return turn


async def conversation_of(session: AsyncSession, room: Room, thread: str) -> Conversation | None:
    found = select(Conversation).where(
        Conversation.workspace == room.workspace, Conversation.room == room.id, Conversation.thread == thread
    )
    return (await session.scalars(found.order_by(Conversation.opened_at).limit(1))).first()


def new_conversation(id: str, room: Room, thread: str, asker: str, now: datetime) -> Conversation:
    return Conversation(
        id=id,
        channel=room.channel,
        workspace=room.workspace,
        room=room.id,
        thread=thread,
        asker=asker,
        opened_at=now,
        answered_at=None,
        index_version=None,
    )


def new_turn(id: str, conversation: str, asker: str, now: datetime, *, post_in: str, post_under: str | None) -> Turn:
    """A turn that is heard and no more: nothing answered, nothing chosen, nothing posted."""
    return Turn(
        id=id,
        conversation=conversation,
        asker=asker,
        state="heard",
        revision=1,
        answered=0,
        delivered=0,
        heard_at=now,
        private=False,
        waits=False,
        outsider=True,
        post_in=post_in,
        post_under=post_under,
        repeated=0,
        with_quotes=True,
        more=False,
        alone=False,
        asked=False,
        closed=False,
        tapped=False,
        refusals=0,
        offered=[],
        rejected=[],
    )
