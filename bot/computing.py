"""Thinking in a process of its own: what a message costs in computing never holds up an acknowledgement."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from threading import Thread

import structlog

from bot.bot import Bot
from bot.clock import today
from bot.conversations.replying import Answered, Asked, answered
from bot.logs import configure
from bot.settings import Settings
from bot.wiring import build

NICER = 5
"""How much the thinking gives way to the serving, where both want the same core."""

PUBLIC = "public"
"""Where the index for external users is, under TRIAGE_HOME."""

log = structlog.get_logger()


class Computing:
    """The bot in a child process. `version` is the number of its index, once it is open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pool = _pool(settings)
        self.version = 0

    async def open(self) -> None:
        """Open the index in the child, building it on the first run.

        Raises IndexBusy, HomeUnwritable, KnowledgeInvalid, EncoderUnavailable.
        """
        self.version = await asyncio.get_running_loop().run_in_executor(self._pool, _opened)

    async def think(self, asked: Asked) -> Answered:
        """Raises what thinking raises; a child that died is replaced for the next call."""
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, _answered, asked)
        except BrokenProcessPool:
            if pool is self._pool:
                log.warning("the computing process ended; starting another")
                self._pool = _pool(self._settings)
                pool.shutdown(wait=False)
            raise

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


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
    return _opened_bot().version.number


def _answered(asked: Asked) -> Answered:
    assert _settings is not None, "the child was begun"
    return answered(_public_bot() if asked.external_user and _settings.triage_knowledge else _opened_bot(), asked)


@cache
def _opened_bot() -> Bot:
    assert _settings is not None, "the child was begun"
    return _built(_settings)


@cache
def _public_bot() -> Bot:
    """For who may not read what the organisation has written into its knowledge: the project's own, and that alone."""
    assert _settings is not None, "the child was begun"
    home = _settings.triage_home / PUBLIC
    return _built(_settings.model_copy(update={"triage_knowledge": None, "triage_home": home}))


def _built(settings: Settings) -> Bot:
    return build(settings, today, lambda _what, _done: None, _notify)


def _notify(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
