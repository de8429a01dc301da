"""The process that serves: everything wired, one ASGI app, an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

import structlog
from slack_bolt.async_app import AsyncApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.slack.client import Answer, Api
from bot.channels.slack.commands import Commands
from bot.channels.slack.deliver import NAME, SlackChannel
from bot.channels.slack.door import Door
from bot.channels.slack.listen import Identity, Listeners
from bot.channels.slack.receipts import Receipts
from bot.channels.slack.words import ENTERPRISE
from bot.computing import Computing
from bot.conversations.answering import Answering
from bot.conversations.backlog import Backlog
from bot.conversations.channel import NotDelivered, Undeliverable
from bot.conversations.delivering import Delivering
from bot.conversations.inbox import Inbox
from bot.conversations.presses import Presses
from bot.conversations.privacy import Privacy
from bot.errors import ChannelRefused, SettingsInvalid
from bot.metrics import Metrics
from bot.settings import Settings
from bot.store import Database, Room
from bot.workflows import Workflows, executor_id

ASK_AGAIN_S = 5.0

log = structlog.get_logger()
Listening = Callable[[Identity], AsyncApp]


class _AuthTest(Answer):
    team_id: str
    user_id: str
    bot_id: str = ""
    app_id: str = ""
    is_enterprise_install: bool = False


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def serving(settings: Settings, metrics: Metrics, port: int) -> AsyncGenerator[Starlette]:
    """The app, ready to be served on `port`; what runs is finished, or left for the next start, at the end.

    Raises SettingsInvalid, StoreUnavailable, StoreNewer, ChannelRefused, and what opening the index raises.
    """
    token, secret = settings.slack_bot_token, settings.slack_signing_secret
    if token is None or secret is None:
        missing = [name for name, it in (("SLACK_BOT_TOKEN", token), ("SLACK_SIGNING_SECRET", secret)) if it is None]
        raise SettingsInvalid(f"{' and '.join(missing)} must be set to serve Slack: see the README's part on Slack.")
    async with AsyncExitStack() as stack:
        url = settings.database_url
        database = Database(settings.triage_home, url.get_secret_value() if url else None)
        stack.push_async_callback(database.close)
        await database.migrate()
        computing = Computing(settings)
        stack.callback(computing.close)
        await computing.open()
        api = Api(token.get_secret_value(), settings.slack_api_base_url)
        stack.push_async_callback(api.close)

        workflows = Workflows(database, executor_id(port), utc_now)
        privacy = Privacy(database, settings.triage_retention_days, workflows.prune, utc_now)
        backlog = Backlog()
        inbox = Inbox(database, workflows.start, backlog, utc_now)
        receipts = Receipts(api)
        channel = SlackChannel(api, settings.slack_api_base_url, receipts)
        is_guest = channel.is_guest if settings.triage_knowledge else _nobody  # else there is nothing to keep
        answering = Answering(computing.think, is_guest, lambda: computing.version, database, backlog, utc_now)
        delivering = Delivering({NAME: channel}, database, utc_now, metrics)
        stack.push_async_callback(receipts.close)
        commands = Commands(inbox, privacy, receipts, lambda: computing.version, utc_now)
        presses = Presses(database, workflows.start, utc_now)

        def listening(identity: Identity) -> AsyncApp:
            return Listeners(identity, inbox, presses, commands, privacy, receipts, backlog).app(api)

        slack = await _Introduced.begin(api, token.get_secret_value(), listening)
        stack.push_async_callback(slack.close)
        stack.push_async_callback(workflows.close)

        async def upkeep() -> None:
            await inbox.take_up_lost()
            await privacy.retain()

        await workflows.launch(answering, delivering, upkeep)
        await inbox.take_up_lost()

        async def ready(_request: Request) -> Response:
            state = {"store": await database.at_head(), "workflows": workflows.launched, "index": computing.version}
            return JSONResponse(state, 200 if all(state.values()) else 503)

        door = Door(secret.get_secret_value(), lambda: slack.app, metrics.refused)
        yield Starlette(
            routes=[
                Route("/slack/events", door.handle, methods=["POST"]),
                Route("/healthz", _alive),
                Route("/readyz", ready),
            ]
        )


async def _nobody(_room: Room, _person: str) -> bool:
    return False


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok")


class _Introduced:
    """Bolt's app, as soon as Slack has told who we are. A Slack that is down delays it, and only it."""

    def __init__(self) -> None:
        self.app: AsyncApp | None = None
        self._asking: asyncio.Task[None] | None = None

    @classmethod
    async def begin(cls, api: Api, token: str, listening: Listening) -> _Introduced:
        """Raises ChannelRefused when Slack refuses the token or the kind of installation."""
        introduced = cls()
        try:
            introduced.app = listening(await _identity(api, token))
        except NotDelivered:
            log.warning("Slack does not answer yet; events are turned away until it does")
            introduced._asking = asyncio.create_task(introduced._ask_again(api, token, listening))
        return introduced

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask_again(self, api: Api, token: str, listening: Listening) -> None:
        while self.app is None:
            await asyncio.sleep(ASK_AGAIN_S)
            try:
                self.app = listening(await _identity(api, token))
            except NotDelivered:
                continue
            except ChannelRefused as error:
                log.error("Slack refuses this bot", reason=str(error))


async def _identity(api: Api, token: str) -> Identity:
    try:
        me = await api.read("ask", "auth.test", _AuthTest)
    except Undeliverable as error:
        raise ChannelRefused("Slack", f"{error.reason}. Check SLACK_BOT_TOKEN.") from error
    if me.is_enterprise_install:
        raise ChannelRefused("Slack", ENTERPRISE)
    return Identity(me.team_id, me.user_id, me.bot_id, me.app_id, token)
