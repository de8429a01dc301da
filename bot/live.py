"""The bots that answer now: on the version that serves, and on those that conversations began with."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import structlog

from bot.bot import Bot, Today
from bot.errors import TriageError
from bot.index.build import Progress
from bot.index.index import Index, Notify
from bot.index.version import IndexVersion
from bot.retrieval.encoder import Encoder
from bot.settings import Settings
from bot.triage import Message
from bot.wiring import encoder_of, open_index, tell_what_changed

CLOSED_AFTER_S = 300.0
"""A version that no conversation asks for takes memory for nothing; opening it again takes a second."""
WARMING_UP = Message("our model waits for somebody to deploy it")

log = structlog.get_logger()


@dataclass(slots=True)
class _Open:
    """`users` count who answers on it right now."""

    bot: Bot
    users: int
    used_at: float


def live_bots(settings: Settings, today: Today) -> LiveBots:
    """Return those of these settings, with nothing open yet."""
    encoder = encoder_of(settings)
    return LiveBots(open_index(settings, encoder), encoder, today)


class LiveBots:
    """May be used from several threads: `follow` from one of its own, while the others answer."""

    def __init__(self, index: Index, encoder: Encoder, today: Today) -> None:
        self._index = index
        self._encoder = encoder
        self._today = today
        self._lock = Lock()
        self._opened: dict[int, _Open] = {}
        self._refused: int | None = None
        self._complaint: str | None = None
        self._served: tuple[int, ...] = ()
        self.current = 0
        """The number of the version that answers what begins now; 0 before `open`."""

    def open(self, progress: Progress, notify: Notify, *, up_to_date: bool = False) -> None:
        """Open what serves, built first where there is none, or where `up_to_date` is wanted and files changed.

        Raises IndexBusy, HomeUnwritable, KnowledgeInvalid, EncoderUnavailable.
        """
        version = self._index.open(self._today(), progress, notify, up_to_date=up_to_date)
        if not up_to_date:
            tell_what_changed(self._index, version, notify)
        self._opened[version.number] = _Open(self._warm(version), 0, time.monotonic())
        self.current, self._served = version.number, self._index.versions.served()

    @contextmanager
    def answering(self, number: int | None = None) -> Generator[Bot]:
        """Lend the bot on the version of that number, while a rollback could go back to it; else on the current one."""
        opened = self._lent(number)
        try:
            yield opened.bot
        finally:
            with self._lock:
                opened.users -= 1
                opened.used_at = time.monotonic()

    def follow(self) -> None:
        """Take what serves now, if that is another version, and close what nobody asks for any more.

        What cannot be opened is logged once, and what serves here goes on serving.
        """
        try:
            self._served = self._index.versions.served()
            number = next(iter(self._served), self.current)
            if number not in (self.current, self._refused):
                self._refused = number  # until it is taken
                self._take(number)
                log.info("another index serves", index=number)
            self._complaint = None
        except TriageError as error:
            if str(error) != self._complaint:
                log.error("the index cannot be opened; the one before goes on serving", reason=str(error))
            self._complaint = str(error)
        self._close_idle()

    def _take(self, number: int) -> None:
        with self._lock:
            is_open = number in self._opened
        bot = None if is_open else self._warm(self._index.versions.open(number))
        with self._lock:
            if bot is not None:
                self._opened[number] = _Open(bot, 0, time.monotonic())
            self.current, self._refused = number, None

    def _warm(self, version: IndexVersion) -> Bot:
        """Load everything before somebody waits for it."""
        try:
            bot = Bot(version, self._encoder, self._today)
            bot.triage(WARMING_UP)
            _ = bot.documents
        except TriageError:
            version.close()
            raise
        return bot

    def _lent(self, number: int | None) -> _Open:
        with self._lock:
            wanted = number if number is not None and number in self._served else self.current
            opened = self._opened.get(wanted) or self._opened_again(wanted) or self._opened[self.current]
            opened.users += 1
            return opened

    def _opened_again(self, number: int) -> _Open | None:
        try:
            bot = Bot(self._index.versions.open(number), self._encoder, self._today)
        except TriageError as error:  # dropped, or damaged: what serves knows more
            log.warning("a conversation goes on with another index", index=number, reason=str(error))
            self._served = tuple(each for each in self._served if each != number)
            return None
        self._opened[number] = _Open(bot, 0, time.monotonic())
        return self._opened[number]

    def _close_idle(self) -> None:
        long_ago = time.monotonic() - CLOSED_AFTER_S
        with self._lock:
            for number, opened in list(self._opened.items()):
                is_wanted = number in self._served and opened.used_at > long_ago
                if number != self.current and not opened.users and not is_wanted:
                    del self._opened[number]
                    opened.bot.version.close()
