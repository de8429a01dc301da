"""Small marks that nobody misses when Slack is slow: eyes on a question, a status, suggested prompts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine

import aiohttp
import structlog

from bot.channels.slack import words
from bot.channels.slack.client import Api, ApiResponse
from bot.conversations.channel import NotDelivered, Undeliverable
from bot.conversations.inbox import Remembered
from bot.conversations.incoming import IncomingMessage

AT_ONCE = 50
"""Marks under way; more than that and new ones are left out."""
EYES = "eyes"
MARKS_KNOWN = 1000
STATUS = "is looking into it…"
WAITS = "has many questions before this one: about a minute…"
NO_SCOPE = "missing_scope"

log = structlog.get_logger()


class Receipts:
    """Never waited for, never repeated."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._under_way: set[asyncio.Task[None]] = set()
        self._refused: set[str] = set()
        self._marked = Remembered(MARKS_KNOWN)
        self._eyes: OrderedDict[str, str] = OrderedDict()

    def received(self, incoming: IncomingMessage, *, waits: bool) -> None:
        """Eyes on a mention in a channel; a status, which our answer clears, where there is a thread or a wait."""
        if incoming.id in self._marked:  # its twin was as fast
            return
        self._marked.add(incoming.id)
        channel, ts = incoming.room.id, _ts(incoming.id)
        if waits:
            self._mark("assistant.threads.setStatus", channel_id=channel, thread_ts=incoming.thread, status=WAITS)
        elif incoming.kind == "mention" and incoming.is_root:
            self._eyes[incoming.id] = channel
            if len(self._eyes) > MARKS_KNOWN:
                self._eyes.popitem(last=False)
            self._mark("reactions.add", channel=channel, timestamp=ts, name=EYES)
        else:
            self._mark("assistant.threads.setStatus", channel_id=channel, thread_ts=incoming.thread, status=STATUS)

    def answered(self, turn: str) -> None:
        """Take the eyes away once the answer is there."""
        if (channel := self._eyes.pop(turn, None)) is not None:
            self._mark("reactions.remove", channel=channel, timestamp=_ts(turn), name=EYES)

    def whisper(self, send: Callable[[], Awaitable[object]]) -> None:
        """Send a word to one person while Slack gets its acknowledgement."""

        async def whispering() -> None:
            try:
                await send()
            except (aiohttp.ClientError, TimeoutError, NotDelivered, Undeliverable) as error:
                log.info("a word to one person was not taken", error=type(error).__name__)

        self._begin(whispering())

    def announce(self, channel: str, text: str, thread: str | None = None) -> None:
        """Post a line of our own to a whole channel. `text` is ours, with our own mentions in it."""
        said = {
            "channel": channel, "text": text, "thread_ts": thread, "unfurl_links": False, "unfurl_media": False,
        }  # fmt: skip
        self.whisper(lambda: self._api.write("at_most_once", "chat.postMessage", ApiResponse, **said))

    def suggest(self, channel: str) -> None:
        """Prompts for an opened direct conversation. Without thread_ts: with it the call fails silently there."""
        prompts = [{"title": title, "message": message} for title, message in words.PROMPTS]
        self._mark(
            "assistant.threads.setSuggestedPrompts", channel_id=channel, title=words.PROMPTS_TITLE, prompts=prompts
        )

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _mark(self, method: str, **arguments: object) -> None:
        if len(self._under_way) >= AT_ONCE or method in self._refused:
            return
        self._begin(self._call(method, arguments))

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _call(self, method: str, arguments: dict[str, object]) -> None:
        try:
            await self._api.write("best_effort", method, ApiResponse, **arguments)
        except NotDelivered:
            pass
        except Undeliverable as error:
            if error.reason == NO_SCOPE:
                self._refused.add(method)
                log.warning("a mark is switched off: its scope is missing", method=method)


def _ts(id: str) -> str:
    """Cut a message's time-stamp out of its id: its end."""
    return id.rpartition(":")[2]
