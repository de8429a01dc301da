"""Small marks that nobody misses when Slack is slow: eyes on a question, a status, suggested prompts."""

from __future__ import annotations

import asyncio

import structlog

from bot.channels.slack import words
from bot.channels.slack.client import Answer, Api
from bot.conversations.channel import NotDelivered, Undeliverable
from bot.conversations.heard import Heard

AT_ONCE = 50
"""Marks under way; more than that and new ones are left out."""
EYES = "eyes"
STATUS = "is looking into it…"
NO_SCOPE = "missing_scope"

log = structlog.get_logger()


class Receipts:
    """Never waited for, never repeated."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._under_way: set[asyncio.Task[None]] = set()
        self._refused: set[str] = set()

    def received(self, heard: Heard) -> None:
        """Eyes on a mention in a channel; a status, which our answer clears, where there is a thread."""
        channel, ts = heard.room.id, heard.id.rpartition(":")[2]
        if heard.kind == "mention" and heard.is_root:
            self._mark("reactions.add", channel=channel, timestamp=ts, name=EYES)
        else:
            self._mark("assistant.threads.setStatus", channel_id=channel, thread_ts=heard.thread, status=STATUS)

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
        task = asyncio.get_running_loop().create_task(self._call(method, arguments))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _call(self, method: str, arguments: dict[str, object]) -> None:
        try:
            await self._api.write("once", method, Answer, **arguments)
        except NotDelivered:
            pass
        except Undeliverable as error:
            if error.reason == NO_SCOPE:
                self._refused.add(method)
                log.warning("a mark is switched off: its scope is missing", method=method)
