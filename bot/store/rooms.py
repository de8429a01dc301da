"""Where something is said, and how the bot behaves there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.audit import AuditLog
from bot.store.tables import PublicRoom, ReplyMode, RoomSettings


@dataclass(frozen=True, slots=True)
class Room:
    """A channel, group or direct conversation on a platform. Every read names one."""

    channel: str
    workspace: str
    id: str

    def key(self, *parts: str) -> str:
        """Make an id of something in this room, the same however often it is told."""
        return ":".join((self.channel, self.workspace, self.id, *parts))


class Rooms:
    """How the bot behaves in rooms, in one transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def reply_mode(self, room: Room) -> ReplyMode:
        found = await self._session.get(RoomSettings, (room.workspace, room.id))
        return found.reply_mode if found else "open"

    async def note_visibility(self, room: Room, *, public: bool) -> None:
        """Keep whether everybody of the workspace may read what is said there."""
        known = await self._session.get(PublicRoom, (room.workspace, room.id))
        if public and known is None:
            self._session.add(PublicRoom(workspace=room.workspace, room=room.id))
        elif known is not None and not public:
            await self._session.delete(known)

    async def set_reply_mode(self, room: Room, mode: ReplyMode, person: str, now: datetime) -> None:
        """Keep it, and who set it: in the audit, too."""
        await self._session.merge(
            RoomSettings(workspace=room.workspace, room=room.id, reply_mode=mode, changed_by=person, changed_at=now)
        )
        AuditLog(self._session).add(now, room.workspace, person, "set reply mode", room.id, {"reply_mode": mode})
