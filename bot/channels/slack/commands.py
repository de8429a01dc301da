"""`/mlops`: ask privately, or say how the bot should behave."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.channels.slack import hear, words
from bot.channels.slack.deliver import NAME
from bot.channels.slack.payloads import Command
from bot.channels.slack.receipts import Receipts
from bot.conversations.inbox import Clock, Inbox
from bot.conversations.privacy import Privacy
from bot.store import Room

FORGET_ME = re.compile(r"forget[\s_-]*me[.!]?", re.IGNORECASE)


class Commands:
    """`index_version` tells which index answers."""

    def __init__(
        self, inbox: Inbox, privacy: Privacy, receipts: Receipts, index_version: Callable[[], int], clock: Clock
    ) -> None:
        self._inbox = inbox
        self._receipts = receipts
        self._privacy = privacy
        self._index_version = index_version
        self._clock = clock

    async def answer(self, command: Command) -> str | None:
        """What only the person who typed it sees at once; None when a question's answer is on its way."""
        word, _, rest = command.text.strip().partition(" ")
        match word.lower():
            case "" | "help":
                return words.HELP
            case "status":
                return await self._status(command)
            case "quiet" if rest.strip().lower() in words.QUIET_WORDS:
                return await self._quiet(command, rest.strip().lower())
            case "quiet" if len(rest.split()) <= 1:
                return words.QUIET_UNKNOWN
            case _ if FORGET_ME.fullmatch(command.text.strip()):
                return words.forgotten(await self._privacy.forget(command.team_id, command.user_id))
            case _:
                await self._inbox.hear(hear.asked(command, self._clock()))
                return None

    async def _status(self, command: Command) -> str:
        texts = await self._privacy.kept(command.team_id, command.user_id)
        lines = [f"I answer from knowledge index {self._index_version()}.", words.kept(texts, self._privacy.keep_days)]
        if not _is_direct(command):
            lines.insert(0, words.MANNERS[await self._privacy.manners(_room(command))])
        return "\n".join(lines)

    async def _quiet(self, command: Command, how: str) -> str:
        if _is_direct(command):
            return words.NOT_IN_DIRECT
        manners = words.QUIET_WORDS[how]
        before = await self._privacy.manners(_room(command))
        await self._privacy.set_manners(_room(command), manners, command.user_id)
        if manners != before:
            self._receipts.announce(command.channel_id, words.manners_changed(command.user_id, manners))
        return f"Done. {words.MANNERS[manners]}"


def _room(command: Command) -> Room:
    return Room(NAME, command.team_id, command.channel_id)


def _is_direct(command: Command) -> bool:
    return command.channel_id.startswith("D")
