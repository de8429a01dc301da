"""An incoming message -> a turn and a started workflow. What is not for us is dropped before anything is written."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.conversations import turns
from bot.conversations.backlog import Backlog
from bot.conversations.erasing import erase
from bot.conversations.incoming import (
    BURST_WITHIN,
    EDIT_COUNTS_FOR,
    FOLLOW_UP_FOR,
    IncomingEdit,
    IncomingMessage,
    can_be_a_burst,
    continues,
    is_for_us,
)
from bot.store import Database, Room, Rooms, Turns
from bot.store.tables import Message, Turn

Start = Callable[[str, str], Awaitable[None]]
"""Starts the workflow of that id for that turn; a workflow that was started before is not started again."""
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
        self._visibility: dict[str, bool] = {}

    async def receive(self, incoming: IncomingMessage, edit: str | None = None) -> str | None:
        """Find or open the turn that answers it; None when it is not for us (nothing is kept), or known already."""
        if incoming.id in self._begun:  # a twin or a retry of what this process has safely begun
            await self._note_visibility(incoming)
            return None
        if incoming.id in self._gone:  # taken away before it was told
            return None
        for_us = is_for_us(incoming)
        if for_us is None:
            for_us = await self._follows_up(incoming)
        if not for_us:
            return None
        await self._note_visibility(incoming)
        async with self._database.writing(incoming.room.key(incoming.author)) as session:
            turn = await self._upsert(Turns(session), Rooms(session), incoming, edit)
        self._backlog.begun(turn)
        await self._start(incoming.id, turn)
        self._begun.add(incoming.id)
        return turn

    async def edit(self, edited: IncomingEdit) -> str | None:
        """Answer an edit of what we received again, in place, within five minutes; later only its text is kept."""
        incoming, now = edited.incoming, self._clock()
        async with self._database.reading() as session:
            known = await Turns(session).message(incoming.id)
        if known is None:
            is_fresh, is_to_us = now - incoming.said_at <= EDIT_COUNTS_FOR, incoming.kind in ("mention", "direct")
            return await self.receive(incoming, edited.edit) if is_fresh and is_to_us else None
        if known.author != incoming.author:
            return None
        if known.edited != edited.edit:  # else it is told again, because nobody knew that it was safe
            async with self._database.writing(incoming.room.key(incoming.author)) as session:
                if not await self._reword(Turns(session), edited, now):
                    return None
        await self._start(f"{incoming.id}+{edited.edit}", known.turn)
        return known.turn

    async def delete(self, room: Room, message_id: str) -> str | None:
        """Erase its text now, and what the answer quotes of it. The turn, when there was one."""
        async with self._database.reading() as session:
            known = await Turns(session).message(message_id)
        if known is None:
            self._gone.add(message_id)  # in memory alone: most of what people delete was never ours to keep
            return None
        if known.room != room.id or known.workspace != room.workspace:
            return None
        async with self._database.writing(room.key(known.author)) as session:
            await erase(Turns(session), [known.turn], "deleted")
        await self._database.truncate_wal()
        await self._start(f"{message_id}-deleted", known.turn)
        return known.turn

    async def take_up_lost(self) -> int:
        """Start a workflow for each turn of which something is open still; how many there are.

        What a turn asks is committed before its workflow: a crash or a power cut between the two may leave it alone,
        and a platform tells of a press but once. What was started is not started again, so that it costs nothing to
        ask, and a second workflow beside one that is slow finds nothing left to do.
        """
        now = self._clock()
        async with self._database.reading() as session:
            lost = await Turns(session).unfinished(now - FOLLOW_UP_FOR, now - LOST_AFTER, LOST_AT_ONCE)
        for turn in lost:
            await self._start(turn.id if turn.revision == 1 else f"{turn.id}~{turn.revision}", turn.id)
        return len(lost)

    async def _note_visibility(self, incoming: IncomingMessage) -> None:
        """Keep whether its room is public, as one of its events says; what changed is kept once."""
        room, public = incoming.room, incoming.public
        key = room.key()
        if public is None or self._visibility.get(key) is public:
            return
        async with self._database.writing(key) as session:
            await Rooms(session).note_visibility(room, public=public)
        self._visibility[key] = public

    async def _follows_up(self, incoming: IncomingMessage) -> bool:
        since = incoming.said_at - 2 * FOLLOW_UP_FOR
        async with self._database.reading() as session:
            last = await Turns(session).last_in_thread(incoming.room, incoming.thread, incoming.author, since)
            if last is None:
                return False
            reply_mode = await Rooms(session).reply_mode(incoming.room)
        return continues(last.answered_at or last.received_at, reply_mode, incoming.said_at)

    async def _upsert(self, found: Turns, rooms: Rooms, incoming: IncomingMessage, edit: str | None) -> str:
        if known := await found.message(incoming.id):
            return known.turn
        turn = await self._burst(found, incoming)
        if turn is not None:
            await found.save(turns.joined(turn))
        else:
            quiet = incoming.kind in ("mention", "thread") and await rooms.reply_mode(incoming.room) == "quiet"
            turn = await self._new_turn(found, incoming, private=quiet or incoming.kind == "command")
        found.add_message(
            Message(
                id=incoming.id, turn=turn.id, workspace=incoming.room.workspace, room=incoming.room.id,
                author=incoming.author, said_at=incoming.said_at, edited=edit, text=incoming.text,
            )
        )  # fmt: skip
        return turn.id

    async def _burst(self, found: Turns, incoming: IncomingMessage) -> Turn | None:
        """Find the turn that a message joins because it came right before or after another of the same person."""
        if not can_be_a_burst(incoming):
            return None
        thread = None if incoming.kind == "direct" else incoming.thread
        turn = await found.near(incoming.room, incoming.author, incoming.said_at, BURST_WITHIN, thread=thread)
        if turn is None:
            return None
        began = await found.conversation(turn.conversation)
        turn_is_root = turn.id == incoming.room.key(began.thread)
        return turn if turns.takes_in(turn, at_its_place=turn_is_root == incoming.is_root) else None

    async def _new_turn(self, found: Turns, incoming: IncomingMessage, *, private: bool) -> Turn:
        now = self._clock()
        conversation = await found.conversation_in(incoming.room, incoming.thread)
        if conversation is None:
            conversation = await found.open(incoming.id, incoming.room, incoming.thread, incoming.author, now)
        turn = turns.received(incoming, conversation.id, now, private=private)
        await found.add(turn)
        return turn

    async def _reword(self, found: Turns, edited: IncomingEdit, now: datetime) -> bool:
        """Tell whether it is to be answered again."""
        message = await found.message(edited.incoming.id)
        assert message is not None, "messages are never deleted, their texts are"
        turn = await found.locked(message.turn)
        assert turn is not None, "neither are turns"
        if message.text is None or not _is_newer(edited, message):
            return False
        differs = message.text != edited.incoming.text
        message.text, message.edited = edited.incoming.text, edited.edit
        if not differs or now - message.said_at > EDIT_COUNTS_FOR or turn.erased is not None:
            return False
        await found.save(turns.edited(turn))
        return True


def _is_newer(edited: IncomingEdit, known: Message) -> bool:
    """Tell whether no newer edit was told before."""
    return (known.edited or "") < edited.edit
