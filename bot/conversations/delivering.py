"""The second step of a turn's workflow: exactly one visible message, whatever crashes, retries or races."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.clock import Clock
from bot.conversations import turns
from bot.conversations.channel import Address, Channel, LookupImpossible, NotDelivered, Undeliverable
from bot.conversations.incoming import BURST_WITHIN
from bot.conversations.message_view import MessageView, Withdrawn, restored
from bot.store import Database, Room, Turns
from bot.store.tables import Turn

LOOK_UP_FOR = timedelta(seconds=60)
SETTLES_AFTER = timedelta(seconds=3)
"""A post whose reply was lost may show up a little later: not before this is it taken for lost."""
POLL_EVERY = timedelta(seconds=0.2)

Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds."""

log = structlog.get_logger()


class Counts(Protocol):
    def delivery(self, what: str) -> None: ...

    def answered_after(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class _Claim:
    """The right to send what a turn shows now. `unsure`: an earlier try, begun at `since`, may have been seen."""

    revision: int
    address: Address
    view: MessageView
    unsure: bool
    since: datetime


class Delivering:
    """Brings what is visible of a turn up to what was answered. `counts` is told of what is worth counting."""

    def __init__(
        self, channels: Mapping[str, Channel], database: Database, clock: Clock, counts: Counts,
        pause: Pause = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._channels = channels
        self._database = database
        self._clock = clock
        self._counts = counts
        self._pause = pause

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
                await channel.deliver_privately(claim.address, claim.view, error.reason)
            due = await self._done(turn_id, sender, claim, posted, failure)

    async def _send(self, channel: Channel, claim: _Claim) -> str | None:
        address, view = claim.address, claim.view
        if address.posted is None and claim.unsure:
            try:
                found = await self._look_up(channel, claim)
            except LookupImpossible:
                self._counts.delivery("repeated")
                log.warning("repeated after a restart", turn=view.turn)
                view = replace(view, repeated=True)
            else:
                if found:
                    self._counts.delivery("found after a restart")
                    address = replace(address, posted=found)
        if address.posted is not None:
            await channel.replace(address, view)
            return address.posted
        if isinstance(view.body, Withdrawn):
            return None
        return await channel.post(address, view)

    async def _look_up(self, channel: Channel, claim: _Claim) -> str | None:
        until = self._clock() + LOOK_UP_FOR
        while True:
            try:
                found = await channel.find(claim.address, claim.view.turn, claim.since)
                if found or self._clock() - claim.since >= SETTLES_AFTER:
                    return found
            except NotDelivered:
                if self._clock() >= until:
                    raise
            await self._pause(1.0)

    async def _claim(self, turn_id: str, sender: str) -> _Claim | None:
        """Claim the right to send, once nobody else has it; None when there is nothing to send."""
        while True:
            async with self._database.writing() as session:
                found = Turns(session)
                turn = await found.locked(turn_id)
                if turn is None or not turns.is_to_deliver(turn):
                    return None
                now = self._clock()
                wait = turns.waits_for_more(turn, await found.last_said_in(turn_id) if turn.waits else None, now)
                if not wait:
                    claimed = turns.claimed(turn, sender, now)
                    if claimed is not None:
                        claim = await self._claimed(found, turn, claimed)
                        await found.save(claimed)
                        return claim
                    wait = POLL_EVERY
            await self._pause(min(wait, BURST_WITHIN).total_seconds())

    async def _claimed(self, found: Turns, before: Turn, claimed: Turn) -> _Claim:
        assert claimed.sending_since is not None, "it was claimed"
        conversation = await found.conversation(claimed.conversation)
        address = Address(
            room=Room(conversation.channel, conversation.workspace, claimed.post_in),
            person=claimed.asker,
            private=claimed.private,
            under=claimed.post_under,
            posted=claimed.posted,
            reply_url=claimed.reply_url,
        )
        view = await view_of(found, claimed)
        return _Claim(claimed.answered, address, view, before.state == "sending", claimed.sending_since)

    async def _done(self, turn_id: str, sender: str, claim: _Claim, posted: str | None, failure: str | None) -> bool:
        """Tell whether there is more to send: it may have changed meanwhile."""
        async with self._database.writing() as session:
            found, now = Turns(session), self._clock()
            before = await found.locked(turn_id)
            assert before is not None, "turns are never deleted"
            if before.delivered_at is None:
                self._counts.answered_after((now - before.received_at).total_seconds())
            turn = turns.delivered(
                before, claim.revision, sender, now, posted=posted, failure=failure,
                used_url=claim.address.reply_url, unsure=claim.unsure,
            )  # fmt: skip
            await found.save(turn)
            if turn.shares is not None and posted is not None:
                await found.move_thread(turn.conversation, posted)
        if claim.address.reply_url:
            self._database.truncate_wal_soon()
        return turns.is_to_deliver(turn)


async def view_of(found: Turns, turn: Turn) -> MessageView:
    """Draw the turn as it is. Raises pydantic.ValidationError for a reply that another release stored differently."""
    was_seen = turn.delivered > 0  # before that nobody can press anything
    return MessageView(
        turn=turn.id,
        body=Withdrawn() if turn.erased or turn.reply is None else restored(turn.reply),
        asker=turn.asker,
        private=turn.private,
        more=turn.more,
        messages=await found.messages_of(turn.id) or 1,
        tried_by=await found.tried_by(turn) if was_seen else (),
        shared_by=turn.asker if turn.shares else None,
        with_quotes=turn.with_quotes,
        closed=turn.closed,
        tapped=turn.tapped,
    )
