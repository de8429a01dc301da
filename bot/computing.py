"""Thinking in a process of its own: what a message costs in computing never holds up an acknowledgement."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.clock import today
from bot.conversations.replying import Answered, Asked, answered
from bot.errors import TriageError
from bot.live import LiveBots, live_bots
from bot.logs import configure
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.refresh.proposal import Compared, Proposal

NICER = 5
"""How much the thinking gives way to the serving, where both want the same core."""

BUILDER_WAIT_S = 1.0
LOOK_EVERY_S = 1.0
"""How often the child looks which version serves, and the server what the child has taken."""

PUBLIC = "public"
"""Where the index for external users is, under TRIAGE_HOME."""

Result = TypeVar("Result")
log = structlog.get_logger()


class Computing:
    """The bot in a child process. `version` is the number of the index that answers what begins now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = _pool(settings)
        self._following: asyncio.Task[None] | None = None
        self.version = 0

    async def open(self) -> None:
        """Open the index in the child, building it on the first run, and follow what serves from then on.

        Raises IndexBusy, HomeUnwritable, KnowledgeInvalid, EncoderUnavailable.
        """
        self.version = await self._computed(_opened)
        self._following = asyncio.create_task(self._follow())

    async def think(self, asked: Asked) -> Answered:
        """Raises what thinking raises; a child that died is replaced for the next call."""
        return await self._computed(_answered, asked)

    async def close(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with suppress(BrokenProcessPool, TriageError):  # whoever asks next is told
                self.version = await self._computed(_opened)

    async def _computed(self, work: Callable[..., Result], *arguments: object) -> Result:
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
        except BrokenProcessPool:
            if pool is self._pool:
                log.warning("the computing process ended; starting another")
                self._pool = _pool(self._settings)
                pool.shutdown(wait=False)
            raise


class BuildingProcess:
    """Refreshes of the index in a child process, which lives as long as one takes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def compare(self) -> Compared:
        return await self._alone(_compared)

    async def propose(self, who: str) -> Proposal | None:
        return await self._alone(_proposed, who)

    async def _alone(self, work: Callable[..., Result], *arguments: object) -> Result:
        pool = _pool(self._settings)
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _compared() -> Compared:
    from bot.refresh.wiring import compared  # judging takes memory that the process that answers does without

    assert _settings is not None, "the child was begun"
    return compared(_settings)


def _proposed(who: str) -> Proposal | None:
    from bot.refresh.proposal import Proposal
    from bot.refresh.wiring import proposer_of

    assert _settings is not None, "the child was begun"
    found = proposer_of(_settings, BUILDER_WAIT_S).propose(who, lambda _what, _done: None)
    return found if isinstance(found, Proposal) else None


def _pool(settings: Settings) -> ProcessPoolExecutor:
    # Spawned, not forked: the parent has threads, and what it holds open is none of the child's business.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(settings,))


_settings: Settings | None = None


def _begin(settings: Settings) -> None:
    global _settings
    _settings = settings
    configure(settings.triage_log)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this one in order
    os.nice(NICER)
    Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a child"
    parent.join()
    os._exit(0)


def _opened() -> int:
    return _bots().current


def _answered(asked: Asked) -> Answered:
    assert _settings is not None, "the child was begun"
    # Who may read a document is said by what serves now, whichever version the conversation began with.
    with _bots().answering() as current:
        if asked.external_user and _settings.triage_knowledge:
            with _public_bots().answering() as bot:
                return answered(bot, asked, current.documents)
        with _bots().answering(asked.index_version) as bot:
            return answered(bot, asked, current.documents)


@cache
def _bots() -> LiveBots:
    assert _settings is not None, "the child was begun"
    return _followed(_settings, up_to_date=False)


@cache
def _public_bots() -> LiveBots:
    """For who may not read what the organisation has written into its knowledge: the project's own, and that alone."""
    assert _settings is not None, "the child was begun"
    home = _settings.triage_home / PUBLIC
    nothing_own = {"triage_knowledge": None, "triage_documents": None, "triage_home": home}
    return _followed(_settings.model_copy(update=nothing_own), up_to_date=True)


def _followed(settings: Settings, *, up_to_date: bool) -> LiveBots:
    bots = live_bots(settings, today)
    bots.open(lambda _what, _done: None, _notify, up_to_date=up_to_date)
    Thread(target=_follow, args=(bots,), daemon=True).start()
    return bots


def _follow(bots: LiveBots) -> None:
    while True:
        time.sleep(LOOK_EVERY_S)
        try:
            bots.follow()
        except Exception:
            log.exception("following the index failed")


def _notify(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
