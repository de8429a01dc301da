"""Slack as a Channel: post, replace, look up, console."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import structlog
from pydantic import Field
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.channels.slack.blocks import Rendered, render
from bot.channels.slack.client import Answer, Api, Pace
from bot.conversations.channel import PRIVATE, Address, LookupImpossible, NotDelivered, Undeliverable
from bot.conversations.shown import Shown, Withdrawn

NAME = "slack"
MARK = "mlops_triage_turn"
"""The event type of our messages' metadata, by which a post is found again."""
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
NO_HISTORY = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "thread_not_found", "no_permission"})
ALREADY_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
CLOCK_SKEW = timedelta(seconds=60)
PAGE, PAGES = 200, 10
HOOK_HOST = "hooks.slack.com"
NOT_THERE = "I have your answer, but Slack would not let me post it there ({reason}). Here it is:"

log = structlog.get_logger()


class _Posted(Answer):
    ts: str = ""


class _Channel(Answer):
    id: str


class _Opened(Answer):
    channel: _Channel


class _Payload(Answer):
    turn: str = ""


class _Mark(Answer):
    event_type: str = ""
    event_payload: _Payload = _Payload()


class _Message(Answer):
    ts: str
    metadata: _Mark = _Mark()


class _Next(Answer):
    next_cursor: str = ""


class _Page(Answer):
    messages: tuple[_Message, ...] = ()
    next: _Next = Field(default=_Next(), alias="response_metadata")


class SlackChannel:
    """Implements `bot.conversations.channel.Channel`."""

    name = NAME

    def __init__(self, api: Api, api_base_url: str, pace: Pace | None = None) -> None:
        self._api = api
        self._hook_hosts = {HOOK_HOST, urlsplit(api_base_url).netloc}
        self._pace = pace or Pace()

    async def post(self, address: Address, shown: Shown) -> str:
        rendered = render(shown)
        if not address.private:
            return await self._post(address.room.id, rendered, shown.turn, under=address.under)
        if address.reply_url:
            if await self._reply(address.reply_url, rendered, replace=False):
                return PRIVATE
        elif await self._post_for_one(address, rendered):
            return PRIVATE
        await self._post_directly(address.person, render(shown, buttons=False), shown.turn)
        return PRIVATE

    async def replace(self, address: Address, shown: Shown) -> None:
        rendered = render(shown)
        if address.posted == PRIVATE:
            if address.reply_url and await self._reply(address.reply_url, rendered, replace=True):
                return
            if not isinstance(shown.body, Withdrawn):
                await self._post_directly(address.person, render(shown, buttons=False), shown.turn)
            return
        try:
            await self._say("ask", "chat.update", rendered, shown.turn, channel=address.room.id, ts=address.posted)
        except Undeliverable as error:
            if error.reason not in ALREADY_GONE:  # what somebody took away is not put back
                raise

    async def find(self, address: Address, turn: str, since: datetime) -> str | None:
        if address.private:
            raise LookupImpossible
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}"
        cursor: str | None = None
        for _ in range(PAGES):
            page = await self._page(address, oldest, cursor)
            for message in page.messages:
                if message.metadata.event_type == MARK and message.metadata.event_payload.turn == turn:
                    return message.ts
            cursor = page.next.next_cursor
            if not cursor:
                break
        return None

    async def console(self, address: Address, shown: Shown, reason: str) -> None:
        if isinstance(shown.body, Withdrawn):
            return
        rendered = render(shown, buttons=False, opening=NOT_THERE.format(reason=reason))
        try:
            await self._post_directly(address.person, rendered, shown.turn)
        except Undeliverable as error:
            log.error("answer reached nobody", turn=shown.turn, reason=error.reason)

    async def _post(self, channel: str, rendered: Rendered, turn: str, *, under: str | None = None) -> str:
        await self._pace.turn(channel)
        said = await self._say(
            "post", "chat.postMessage", rendered, turn, channel=channel, thread_ts=under,
            unfurl_links=False, unfurl_media=False, mrkdwn=False,
        )  # fmt: skip
        return said.ts

    async def _post_for_one(self, address: Address, rendered: Rendered) -> bool:
        """Whether it could be shown to this person alone where they asked."""
        try:
            await self._say(
                "post", "chat.postEphemeral", rendered, None,
                channel=address.room.id, user=address.person, thread_ts=address.under,
            )  # fmt: skip
        except Undeliverable as error:
            log.info("not shown privately", reason=error.reason)
            return False
        return True

    async def _post_directly(self, person: str, rendered: Rendered, turn: str) -> None:
        opened = await self._api.write("ask", "conversations.open", _Opened, users=person)
        await self._post(opened.channel.id, rendered, turn)

    async def _say(
        self, care: Literal["post", "ask"], method: str, rendered: Rendered, turn: str | None, **place: object
    ) -> _Posted:
        """With the blocks; with the text alone if Slack refuses them."""
        mark = {"event_type": MARK, "event_payload": {"turn": turn}} if turn else None
        try:
            blocks = rendered.payload
            return await self._api.write(
                care, method, _Posted, text=rendered.text, blocks=blocks, metadata=mark, **place
            )
        except Undeliverable as error:
            if error.reason not in BLOCKS_REFUSED:
                raise
            log.error("Slack refused the blocks", reason=error.reason, method=method)
        # No blocks, and those that stand there go: the text says all that matters by itself.
        bare = {"text": rendered.text, "metadata": mark, "blocks": list[object]()}
        return await self._api.write(care, method, _Posted, **bare, **place)

    async def _reply(self, url: str, rendered: Rendered, *, replace: bool) -> bool:
        """Whether the address for private replies took it; it lives half an hour and for five messages."""
        if urlsplit(url).netloc not in self._hook_hosts:
            return False
        hook = AsyncWebhookClient(url, session=self._api.session)
        for blocks in (rendered.payload, None):
            try:
                said = await hook.send(
                    text=rendered.text, blocks=blocks, response_type="ephemeral", replace_original=replace,
                    unfurl_links=False, unfurl_media=False,
                )  # fmt: skip
            except (aiohttp.ClientError, TimeoutError) as error:
                raise NotDelivered(type(error).__name__) from None
            if said.status_code == 200:
                return True
            if said.status_code == 429 or said.status_code >= 500:
                raise NotDelivered(f"HTTP {said.status_code}")
            if not any(word in said.body for word in BLOCKS_REFUSED):
                return False
        return False

    async def _page(self, address: Address, oldest: str, cursor: str | None) -> _Page:
        method = "conversations.history" if address.under is None else "conversations.replies"
        try:
            return await self._api.read(
                "ask", method, _Page, channel=address.room.id, ts=address.under, oldest=oldest, limit=PAGE,
                cursor=cursor, include_all_metadata=True,
            )  # fmt: skip
        except Undeliverable as error:
            if error.reason in NO_HISTORY:
                raise LookupImpossible from error
            raise
