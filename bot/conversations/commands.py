"""What people can tell the bot about itself: help, status, quiet, forget-me. The same in every channel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.clock import Clock
from bot.conversations.index_admin import IndexAdmin
from bot.conversations.privacy import Privacy
from bot.store import Database, Room, Rooms
from bot.store.tables import ReplyMode

REPLY_MODES: dict[ReplyMode, str] = {
    "open": "In this channel I answer mentions in their thread, and the asker's follow-ups there for a day.",
    "mentions-only": "In this channel I answer only messages that name me.",
    "quiet": "In this channel I am quiet: whoever asks is the only one to see the answer.",
}
NOT_IN_DIRECT = "That is for channels; here there are only the two of us."

_QUIET: dict[str, ReplyMode] = {
    "": "quiet", "on": "quiet", "mentions": "mentions-only", "mentions-only": "mentions-only", "off": "open",
}  # fmt: skip
_FORGET_ME = re.compile(r"forget[\s_-]*me[.!]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody typed after the command's name. `direct`: there are only the two of us there. `id` is its own."""

    room: Room
    person: str
    text: str
    direct: bool
    id: str


@dataclass(frozen=True, slots=True)
class CommandReply:
    """`text` is for who typed it alone; `announcement` is for the whole room, to be read after that person's name."""

    text: str
    announcement: str | None = None


class Commands:
    """`name` is what people type before a command, `index_version` tells which index answers."""

    def __init__(
        self,
        name: str,
        database: Database,
        privacy: Privacy,
        index_admin: IndexAdmin,
        index_version: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._name = name
        self._database = database
        self._privacy = privacy
        self._index_admin = index_admin
        self._index_version = index_version
        self._clock = clock

    async def answer(self, command: Command) -> CommandReply | None:
        """Do what it says, and tell what was done; None where it is no command but a question."""
        text = command.text.strip()
        word, _, rest = text.partition(" ")
        match word.lower():
            case "" | "help":
                return CommandReply(_help_text(self._name))
            case "status":
                return CommandReply(await self._status(command))
            case "quiet" if rest.strip().lower() in _QUIET:
                return await self._quiet(command, _QUIET[rest.strip().lower()])
            case "quiet" if len(rest.split()) <= 1:
                name = self._name
                return CommandReply(f"I know {name} quiet, {name} quiet mentions and {name} quiet off.")
            case _ if _FORGET_ME.fullmatch(text):
                return CommandReply(_forgotten(await self._privacy.forget(command.room.workspace, command.person)))
            case _:
                said = await self._index_admin.command(command.room, command.person, text, command.id)
                return None if said is None else CommandReply(said)

    async def _status(self, command: Command) -> str:
        texts = await self._privacy.kept(command.room.workspace, command.person)
        lines = [f"I answer from knowledge index {self._index_version()}.", self._kept(texts)]
        if not command.direct:
            async with self._database.reading() as session:
                lines.insert(0, REPLY_MODES[await Rooms(session).reply_mode(command.room)])
        return "\n".join(lines)

    async def _quiet(self, command: Command, mode: ReplyMode) -> CommandReply:
        if command.direct:
            return CommandReply(NOT_IN_DIRECT)
        async with self._database.writing() as session:
            rooms = Rooms(session)
            before = await rooms.reply_mode(command.room)
            await rooms.set_reply_mode(command.room, mode, command.person, self._clock())
        done, back = REPLY_MODES[mode], f"{self._name} quiet off takes it back."
        announcement = f"has changed how I behave here. {done} {back}" if mode != before else None
        return CommandReply(f"Done. {done}", announcement)

    def _kept(self, texts: int) -> str:
        if not texts:
            return "I keep none of your words."
        what = "one message of yours" if texts == 1 else f"{texts} messages of yours"
        days = self._privacy.keep_days
        return f"I keep {what}, each for {days} days at most; {self._name} forget-me erases them now."


def _help_text(name: str) -> str:
    """Say what the bot is for, and what can be typed after `name`."""
    return f"""\
Tell me what holds your machine learning work back, in your own words, and I tell you which barrier it looks like, \
why I think so, and what to do first.
• Mention me in a channel, or write to me directly: I answer in the thread. Go on there for a day without naming me.
• {name} and a question: only you see the answer, and you may share it.
• {name} status: how I behave in this channel, what I keep of you.
• {name} quiet: in this channel I answer only to the one who asks. {name} quiet mentions: I answer only when \
named. {name} quiet off: back to normal.
• {name} forget-me: what I keep of your words is erased now.
• For admins: {name} refresh, {name} rollback, {name} history.
For example: {name} our releases wait three weeks for security"""


def how_to_hear_less(name: str) -> str:
    """Say how a channel hears less of the bot."""
    return f"To hear less of me in a channel: {name} quiet mentions, or {name} quiet."


def _forgotten(texts: int) -> str:
    if not texts:
        return "There was nothing of your words to erase. Your feedback and steps are gone, too, if there were any."
    what = "One message of yours is" if texts == 1 else f"{texts} messages of yours are"
    return f"{what} erased, with every answer that quoted you, your feedback and your steps. My posts stay."
