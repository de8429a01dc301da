"""Slack as a ChannelApp: its parts wired, its requests routed, its bot introduced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from slack_bolt.async_app import AsyncApp
from starlette.routing import BaseRoute, Route

from bot.channels.app import Conversations
from bot.channels.slack.client import Api, ApiResponse
from bot.channels.slack.deliver import SlackChannel
from bot.channels.slack.listen import Identity, Listeners
from bot.channels.slack.receipts import Receipts
from bot.channels.slack.requests import RequestHandler
from bot.channels.slack.words import ENTERPRISE
from bot.conversations.channel import NotDelivered, Undeliverable
from bot.errors import ChannelRefused

ASK_AGAIN_S = 5.0

log = structlog.get_logger()


class _AuthTest(ApiResponse):
    team_id: str
    user_id: str
    bot_id: str = ""
    app_id: str = ""
    is_enterprise_install: bool = False


class SlackApp:
    """Implements `bot.channels.app.ChannelApp` for one workspace, over HTTP.

    A Slack that is down delays who we are there, and nothing else: its events are turned away until it has told.
    """

    path = "/slack/events"

    def __init__(self, token: str, signing_secret: str, api_base_url: str) -> None:
        self._token = token
        self._signing_secret = signing_secret
        self._api = Api(token, api_base_url)
        self._receipts = Receipts(self._api)
        self.channel = SlackChannel(self._api, api_base_url, self._receipts)
        self._conversations: Conversations | None = None
        self._bolt: AsyncApp | None = None
        self._asking: asyncio.Task[None] | None = None

    async def start(self, conversations: Conversations) -> None:
        self._conversations = conversations
        try:
            await self._introduce(conversations)
        except NotDelivered:
            log.warning("Slack does not answer yet; events are turned away until it does")
            self._asking = asyncio.create_task(self._introduce_later(conversations))

    def routes(self) -> Sequence[BaseRoute]:
        assert self._conversations is not None, "it was started"
        handler = RequestHandler(self._signing_secret, lambda: self._bolt, self._conversations.refused)
        return [Route(self.path, handler.handle, methods=["POST"])]

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._receipts.close()
        await self._api.close()

    async def _introduce(self, conversations: Conversations) -> None:
        identity = await self._identity()
        self._bolt = Listeners(identity, conversations, self._receipts).app(self._api)

    async def _introduce_later(self, conversations: Conversations) -> None:
        while self._bolt is None:
            await asyncio.sleep(ASK_AGAIN_S)
            try:
                await self._introduce(conversations)
            except NotDelivered:
                continue
            except ChannelRefused as error:
                log.error("Slack refuses this bot", reason=str(error))

    async def _identity(self) -> Identity:
        """Ask Slack who we are. Raises ChannelRefused when it refuses the token or the kind of installation."""
        try:
            me = await self._api.read("idempotent", "auth.test", _AuthTest)
        except Undeliverable as error:
            raise ChannelRefused("Slack", f"{error.reason}. Check SLACK_BOT_TOKEN.") from error
        if me.is_enterprise_install:
            raise ChannelRefused("Slack", ENTERPRISE)
        return Identity(me.team_id, me.user_id, me.bot_id, me.app_id, self._token)
