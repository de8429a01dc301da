"""Slack as a Channel: post, replace, look up, deliver privately."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
import structlog
from pydantic import Field
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.channels.slack.blocks import Rendered, render
from bot.channels.slack.client import Api, ApiResponse, Pace, RetryPolicy
from bot.channels.slack.receipts import Receipts
from bot.conversations.channel import PRIVATE, Address, LookupImpossible, NotDelivered, Undeliverable
from bot.conversations.message_view import MessageView, Withdrawn
from bot.store import Room

NAME = "slack"
MARK = "mlops_triage_turn"
"""The event type of our messages' metadata, by which a post is found again."""
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
NO_HISTORY = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "thread_not_found", "no_permission"})
ALREADY_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
CLOCK_SKEW = timedelta(seconds=60)
PAGE, PAGES = 200, 10
TAKEN = "ok"
PEOPLE_KNOWN = 10_000
GUESTS_KNOWN_FOR_S, ADMINS_KNOWN_FOR_S = 3600.0, 60.0
HOOK_HOST = "hooks.slack.com"
NOT_THERE = "I have your answer, but Slack would not let me post it there ({reason}). Here it is:"

_REASON = re.compile(r"[a-z_]{2,60}")

log = structlog.get_logger()


class _Person(ApiResponse):
    team_id: str = ""
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_admin: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    deleted: bool = False


class _User(ApiResponse):
    user: _Person


class _Posted(ApiResponse):
    ts: str = ""


class _Channel(ApiResponse):
    id: str


class _Opened(ApiResponse):
    channel: _Channel


class _Payload(ApiResponse):
    turn: str = ""


class _Mark(ApiResponse):
    event_type: str = ""
    event_payload: _Payload = _Payload()


class _Message(ApiResponse):
    ts: str
    metadata: _Mark = _Mark()


class _Next(ApiResponse):
    next_cursor: str = ""


class _Page(ApiResponse):
    messages: tuple[_Message, ...] = ()
    next: _Next = Field(default=_Next(), alias="response_metadata")


class SlackChannel:
    """Implements `bot.conversations.channel.Channel`."""

    name = NAME

    def __init__(self, api: Api, api_base_url: str, marks: Receipts, pace: Pace | None = None) -> None:
        self._api = api
        self._marks = marks
        self._people: dict[str, tuple[_Person | None, float]] = {}
        self._hook_hosts = {HOOK_HOST, urlsplit(api_base_url).netloc}
        self._pace = pace or Pace()

    async def post(self, address: Address, view: MessageView) -> str:
        rendered = render(view)
        if not address.private:
            posted = await self._post(address.room.id, rendered, view.turn, under=address.under)
            self._marks.answered(view.turn)
            return posted
        if address.reply_url:
            if await self._reply(address.reply_url, rendered, replace=False):
                return PRIVATE
        elif await self._post_for_one(address, rendered):
            return PRIVATE
        await self._post_directly(address.person, render(view, buttons=False), view.turn)
        return PRIVATE

    async def replace(self, address: Address, view: MessageView) -> None:
        rendered = render(view)
        if address.posted == PRIVATE:
            if address.reply_url and await self._reply(address.reply_url, rendered, replace=True):
                return
            if not isinstance(view.body, Withdrawn):
                await self._post_directly(address.person, render(view, buttons=False), view.turn)
            return
        try:
            await self._say(
                "idempotent", "chat.update", rendered, view.turn, channel=address.room.id, ts=address.posted
            )
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

    async def deliver_privately(self, address: Address, view: MessageView, reason: str) -> None:
        if isinstance(view.body, Withdrawn):
            return
        rendered = render(view, buttons=False, opening=NOT_THERE.format(reason=reason))
        try:
            await self._post_directly(address.person, rendered, view.turn)
        except Undeliverable as error:
            log.error("answer reached nobody", turn=view.turn, reason=error.reason)

    async def _post(self, channel: str, rendered: Rendered, turn: str, *, under: str | None = None) -> str:
        await self._pace.turn(channel)
        said = await self._say(
            "at_most_once", "chat.postMessage", rendered, turn, channel=channel, thread_ts=under,
            unfurl_links=False, unfurl_media=False, mrkdwn=False,
        )  # fmt: skip
        return said.ts

    async def _post_for_one(self, address: Address, rendered: Rendered) -> bool:
        """Tell whether it could be shown to this person alone where they asked."""
        try:
            await self._say(
                "at_most_once", "chat.postEphemeral", rendered, None,
                channel=address.room.id, user=address.person, thread_ts=address.under,
            )  # fmt: skip
        except Undeliverable as error:
            log.info("not shown privately", reason=error.reason)
            return False
        return True

    async def _post_directly(self, person: str, rendered: Rendered, turn: str) -> None:
        await self._post(await self._direct(person), rendered, turn)

    async def _say(
        self, policy: RetryPolicy, method: str, rendered: Rendered, turn: str | None, **place: object
    ) -> _Posted:
        """Call with the blocks; with the text alone if Slack refuses them."""
        mark = {"event_type": MARK, "event_payload": {"turn": turn}} if turn else None
        try:
            blocks = rendered.payload
            return await self._api.write(
                policy, method, _Posted, text=rendered.text, blocks=blocks, metadata=mark, **place
            )
        except Undeliverable as error:
            if error.reason not in BLOCKS_REFUSED:
                raise
            log.error("Slack refused the blocks", reason=error.reason, method=method)
        # No blocks, and those that stand there go: the text says all that matters by itself.
        bare = {"text": rendered.text, "metadata": mark, "blocks": list[object]()}
        return await self._api.write(policy, method, _Posted, **bare, **place)

    async def _reply(self, url: str, rendered: Rendered, *, replace: bool) -> bool:
        """Tell whether the address for private replies took it; it lives half an hour and for five messages."""
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
            if said.status_code == 200 and said.body.strip() == TAKEN:
                return True
            reason = _hooks_reason(said.body)
            if said.status_code == 429 or said.status_code >= 500 or reason is None:
                raise NotDelivered(f"HTTP {said.status_code}")
            if reason not in BLOCKS_REFUSED:
                return False
        return False

    async def is_guest(self, room: Room, person: str) -> bool:
        user = await self._person(person, GUESTS_KNOWN_FOR_S)
        if user is None:
            return True
        of_another = user.is_stranger or user.team_id not in ("", room.workspace)
        return user.is_restricted or user.is_ultra_restricted or of_another

    async def is_admin(self, room: Room, person: str) -> bool:
        user = await self._person(person, ADMINS_KNOWN_FOR_S)
        if user is None or user.team_id != room.workspace or user.is_stranger or user.deleted:
            return False
        return user.is_admin or user.is_owner or user.is_primary_owner

    async def open_direct(self, room: Room, person: str) -> Room:
        return replace(room, id=await self._direct(person))

    async def _direct(self, person: str) -> str:
        return (await self._api.write("idempotent", "conversations.open", _Opened, users=person)).channel.id

    async def _person(self, person: str, known_for_s: float) -> _Person | None:
        """Return what Slack says of a person, or said not longer ago; None where it does not tell."""
        now = asyncio.get_running_loop().time()
        known = self._people.get(person)
        if known is None or now - known[1] > known_for_s:
            known = (await self._asked_about(person), now)
            if len(self._people) >= PEOPLE_KNOWN:
                self._people.clear()
            self._people[person] = known
        return known[0]

    async def _asked_about(self, person: str) -> _Person | None:
        try:
            return (await self._api.read("idempotent", "users.info", _User, user=person)).user
        except Undeliverable as error:
            log.info("cannot tell who is a guest or an admin", reason=error.reason)
            return None

    async def _page(self, address: Address, oldest: str, cursor: str | None) -> _Page:
        method = "conversations.history" if address.under is None else "conversations.replies"
        try:
            return await self._api.read(
                "idempotent", method, _Page, channel=address.room.id, ts=address.under, oldest=oldest, limit=PAGE,
                cursor=cursor, include_all_metadata=True,
            )  # fmt: skip
        except Undeliverable as error:
            if error.reason in NO_HISTORY:
                raise LookupImpossible from error
            raise


def _hooks_reason(body: str) -> str | None:
    """Slack's own word for why not, which it sends as JSON or bare; None for anything else."""
    try:
        reason = json.loads(body).get("error")
    except (ValueError, AttributeError):
        reason = body.strip()
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else None
