"""The second step of a turn's workflow: exactly one visible message, whatever crashes, retries or races."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.channel import Address, Channel, LookupImpossible, NotDelivered, Undeliverable
from bot.conversations.heard import BURST_WITHIN
from bot.conversations.inbox import Clock
from bot.conversations.shown import Shown, Withdrawn, restored
from bot.store import Database, Room
from bot.store.tables import Conversation, Message, Outcome, Turn

SENDER_IS_GONE_AFTER = timedelta(seconds=90)
"""A post that another workflow began this long ago is not coming: it is looked up and taken over."""
LOOK_UP_FOR = timedelta(seconds=60)
SETTLES_AFTER = timedelta(seconds=3)
"""A post whose reply was lost may show up a little later: not before this is it taken for lost."""
POLL_EVERY = timedelta(seconds=0.2)

log = structlog.get_logger()


class Counts(Protocol):
    def delivery(self, what: str) -> None: ...

    def answered_after(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class _Claim:
    """The right to send what a turn shows now. `unsure`: an earlier try, begun at `since`, may have been seen."""

    revision: int
    address: Address
    shown: Shown
    unsure: bool
    since: datetime


class Delivering:
    """Brings what is visible of a turn up to what was answered. `counts` is told of what is worth counting."""

    def __init__(self, channels: Mapping[str, Channel], database: Database, clock: Clock, counts: Counts) -> None:
        self._channels = channels
        self._database = database
        self._clock = clock
        self._counts = counts

    async def deliver(self, turn_id: str, sender: str) -> None:
        """Post, or replace what was posted. `sender` is the workflow, the same after a restart.

        Raises NotDelivered when it is to be tried again.
        """
        due = True
        while due and (claim := await self._claim(turn_id, sender)):
            channel = self._channels[claim.address.room.channel]
            try:
                posted, failure = await self._send(channel, claim), None
            except Undeliverable as error:
                posted, failure = None, error.reason
                self._counts.delivery("undeliverable")
                log.warning("not delivered", turn=turn_id, reason=error.reason)
                await channel.console(claim.address, claim.shown, error.reason)
            due = await self._done(turn_id, sender, claim, posted, failure)

    async def _send(self, channel: Channel, claim: _Claim) -> str | None:
        address, shown = claim.address, claim.shown
        if address.posted is None and claim.unsure:
            try:
                found = await self._look_up(channel, claim)
            except LookupImpossible:
                self._counts.delivery("repeated")
                log.warning("repeated after a restart", turn=shown.turn)
                shown = replace(shown, repeated=True)
            else:
                if found:
                    self._counts.delivery("found after a restart")
                    address = replace(address, posted=found)
        if address.posted is not None:
            await channel.replace(address, shown)
            return address.posted
        if isinstance(shown.body, Withdrawn):
            return None
        return await channel.post(address, shown)

    async def _look_up(self, channel: Channel, claim: _Claim) -> str | None:
        until = self._clock() + LOOK_UP_FOR
        while True:
            try:
                found = await channel.find(claim.address, claim.shown.turn, claim.since)
                if found or self._clock() - claim.since >= SETTLES_AFTER:
                    return found
            except NotDelivered:
                if self._clock() >= until:
                    raise
            await asyncio.sleep(1)

    async def _claim(self, turn_id: str, sender: str) -> _Claim | None:
        while True:
            async with self._database.writing() as session:
                turn = await session.get(Turn, turn_id, with_for_update=True)
                if turn is None or not _is_due(turn):
                    return None
                now = self._clock()
                wait = await _burst_left(session, turn, now)
                if wait <= timedelta():
                    if turn.state != "sending" or turn.sender == sender or _sender_is_gone(turn, now):
                        return await self._claimed(session, turn, sender, now)
                    wait = POLL_EVERY
            await asyncio.sleep(min(wait, BURST_WITHIN).total_seconds())

    async def _claimed(self, session: AsyncSession, turn: Turn, sender: str, now: datetime) -> _Claim:
        unsure = turn.state == "sending"
        since = turn.sending_since if unsure and turn.sending_since else now
        turn.state, turn.sender, turn.sending_since = "sending", sender, since
        revision = turn.revision if turn.erased else turn.answered
        conversation = await session.get_one(Conversation, turn.conversation)
        address = Address(
            room=Room(conversation.channel, conversation.workspace, turn.post_in),
            person=turn.asker,
            private=turn.private,
            under=turn.post_under,
            posted=turn.posted,
            reply_url=turn.reply_url,
        )
        return _Claim(revision, address, await shown_of(session, turn), unsure, since)

    async def _done(self, turn_id: str, sender: str, claim: _Claim, posted: str | None, failure: str | None) -> bool:
        """Whether there is more to send: it may have changed meanwhile."""
        async with self._database.writing() as session:
            turn = await session.get_one(Turn, turn_id, with_for_update=True)
            turn.posted = posted or turn.posted
            if turn.delivered_at is None:
                self._counts.answered_after((self._clock() - turn.heard_at).total_seconds())
            turn.delivered = max(turn.delivered, claim.revision)
            turn.delivered_at = self._clock()
            turn.failure = failure or turn.failure
            turn.repeated += claim.unsure
            if turn.sender == sender:
                turn.state = "undeliverable" if failure else "delivered"
                turn.sender = turn.sending_since = None
            if turn.reply_url == claim.address.reply_url:
                turn.reply_url = None
            if turn.shares is not None and posted is not None:
                (await session.get_one(Conversation, turn.conversation)).thread = posted
            due = _is_due(turn)
        if claim.address.reply_url:
            self._database.forget_pages_soon()
        return due


async def shown_of(session: AsyncSession, turn: Turn) -> Shown:
    """What the turn shows now. Raises pydantic.ValidationError for a reply that another release stored differently."""
    body = Withdrawn() if turn.erased or turn.reply is None else restored(turn.reply)
    tried_by = select(Outcome.person).where(Outcome.turn == turn.id, Outcome.barrier == turn.barrier)
    was_seen = turn.delivered > 0  # before that nobody can press anything
    messages = await session.scalar(select(func.count()).select_from(Message).where(Message.turn == turn.id))
    return Shown(
        turn=turn.id,
        body=body,
        asker=turn.asker,
        private=turn.private,
        more=turn.more,
        messages=messages or 1,
        tried_by=tuple(await session.scalars(tried_by.order_by(Outcome.at))) if was_seen else (),
        shared_by=turn.asker if turn.shares else None,
        with_quotes=turn.with_quotes,
        closed=turn.closed,
        tapped=turn.tapped,
    )


async def _burst_left(session: AsyncSession, turn: Turn, now: datetime) -> timedelta:
    """An answer goes out at once; a greeting or a question back waits for what the person is still typing."""
    if not turn.waits or turn.posted or turn.erased or turn.action in ("answer", "shortlist", "failed"):
        return timedelta()
    last = await session.scalar(select(func.max(Message.said_at)).where(Message.turn == turn.id))
    return last + BURST_WITHIN - now if last else timedelta()


def _is_due(turn: Turn) -> bool:
    if turn.erased:
        may_be_seen = turn.posted is not None or turn.state == "sending"
        return turn.erased == "deleted" and may_be_seen and turn.delivered < turn.revision
    return turn.delivered < turn.answered


def _sender_is_gone(turn: Turn, now: datetime) -> bool:
    return turn.sending_since is not None and now - turn.sending_since > SENDER_IS_GONE_AFTER
