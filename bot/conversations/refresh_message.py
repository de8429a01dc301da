"""The one message in which an admin follows a refresh of the index: posted once, replaced as it goes on."""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot.conversations.channel import Address, Channel, LookupImpossible, NotDelivered, Undeliverable
from bot.conversations.message_view import IndexChange, MessageView
from bot.refresh.outline import built, changed_answers, diff_lines, documents_lines, figures, reasons, verdict_line
from bot.refresh.proposal import Proposal
from bot.store import Database, Refreshes, Room
from bot.store.tables import Refresh

LINES_SHOWN = 40

log = structlog.get_logger()


class RefreshMessage:
    """Keeps where it stands in the refresh's row, so that whoever goes on after a crash replaces it."""

    def __init__(self, channel: Channel, database: Database, refresh: Refresh) -> None:
        self._channel = channel
        self._database = database
        self._refresh = refresh
        self._last: IndexChange | None = None

    async def save(self, **changed: object) -> None:
        self._refresh = replace(self._refresh, **changed)
        async with self._database.writing() as session:
            await Refreshes(session).save(replace(self._refresh))

    async def show_if_possible(self, change: IndexChange) -> None:
        """Show how it goes; a platform that is away misses it."""
        try:
            await self.show(change)
        except NotDelivered as error:
            log.info("progress was not shown", reason=str(error))

    async def show(self, change: IndexChange) -> None:
        """Post or replace the message. Raises NotDelivered."""
        if change == self._last:
            return
        refresh = self._refresh
        view = MessageView(turn=refresh.id, body=change, asker=refresh.person, private=True)
        try:
            if refresh.room is None:
                there = Room(refresh.channel, refresh.workspace, "")
                await self.save(room=(await self._channel.open_direct(there, refresh.person)).id)
            address = self._address()
            posted = address.posted or await self._found(address)
            if posted is None:
                posted = await self._channel.post(address, view)
            else:
                await self._channel.replace(replace(address, posted=posted), view)
            if posted != refresh.posted:
                await self.save(posted=posted)
            self._last = change
        except Undeliverable as error:
            log.warning("a refresh cannot be told of", refresh=refresh.id, reason=error.reason)

    def _address(self) -> Address:
        refresh = self._refresh
        room = Room(refresh.channel, refresh.workspace, refresh.room or "")
        return Address(room, refresh.person, private=False, under=None, posted=refresh.posted, reply_url=None)

    async def _found(self, address: Address) -> str | None:
        """Look for a post whose reply was lost."""
        try:
            return await self._channel.find(address, self._refresh.id, self._refresh.asked_at)
        except LookupImpossible:
            return None


def proposal_view(proposal: Proposal) -> IndexChange:
    """Show what was found out, and what may be decided."""
    return IndexChange(
        headline=verdict_line(proposal),
        lines=(
            *reasons(proposal),
            *list(diff_lines(proposal.diff))[:LINES_SHOWN],
            *list(documents_lines(proposal.documents))[:LINES_SHOWN],
            built(proposal),
        ),
        figures=tuple(figures(proposal)),
        changed=tuple(changed_answers(proposal)),
        base=proposal.base,
        number=proposal.number,
        offers="promotion" if proposal.holds else "override",
    )
