"""The process that serves: everything wired, one ASGI app for every channel, an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.app import ChannelApp, Conversations
from bot.clock import utc_now
from bot.computing import LOOK_EVERY_S, BuildingProcess, Computing
from bot.conversations.answering import Answering
from bot.conversations.backlog import Backlog
from bot.conversations.button_actions import ButtonActions
from bot.conversations.commands import Commands
from bot.conversations.delivering import Delivering
from bot.conversations.inbox import Inbox
from bot.conversations.index_admin import IndexAdmin
from bot.conversations.news import News
from bot.conversations.privacy import Privacy
from bot.metrics import Metrics
from bot.refresh.administration import Administration
from bot.refresh.shared import SharedIndex
from bot.refresh.wiring import database_of, shared_of
from bot.settings import Settings
from bot.store import Room
from bot.wiring import server_of, sources_of, versions_of
from bot.workflows import Workflows, executor_id

log = structlog.get_logger()


@asynccontextmanager
async def serving(
    settings: Settings, metrics: Metrics, port: int, channels: Sequence[ChannelApp]
) -> AsyncGenerator[Starlette]:
    """Wire the app, ready to be served on `port`; what runs is finished, or left for the next start, at the end.

    Raises StoreUnavailable, StoreNewer, ChannelRefused, and what opening the index raises.
    """
    async with AsyncExitStack() as stack:
        for each in channels:
            stack.push_async_callback(each.close)
        database = database_of(settings)
        stack.push_async_callback(database.close)
        await database.migrate()
        shared = shared_of(settings, database)
        if shared:
            await shared.take()
        computing = Computing(settings)
        stack.push_async_callback(computing.close)
        await computing.open()
        if shared:
            await shared.publish_first()
            following = asyncio.create_task(_follow(shared))
            stack.callback(following.cancel)

        by_name = {each.channel.name: each.channel for each in channels}
        workflows = Workflows(database, executor_id(port), utc_now)
        privacy = Privacy(database, settings.triage_retention_days, workflows.prune, utc_now)
        backlog = Backlog()
        inbox = Inbox(database, workflows.start, backlog, utc_now)

        async def is_guest(room: Room, person: str) -> bool:
            # Where the organisation has added nothing of its own, there is nothing to keep from guests.
            has_its_own = bool(settings.triage_knowledge) or bool(sources_of(settings))
            return has_its_own and await by_name[room.channel].is_guest(room, person)

        answering = Answering(computing.think, is_guest, lambda: computing.version, database, backlog, utc_now)
        delivering = Delivering(by_name, database, utc_now, metrics)
        administration = Administration(versions_of(settings), database, utc_now, shared)
        index_admin = IndexAdmin(
            by_name, database, administration, BuildingProcess(settings), workflows.start_refresh,
            settings.triage_admins, utc_now,
        )  # fmt: skip
        conversations = Conversations(
            inbox,
            ButtonActions(database, workflows.start, utc_now),
            lambda name: Commands(name, database, privacy, index_admin, lambda: computing.version, utc_now),
            index_admin,
            privacy,
            backlog,
            utc_now,
            metrics.refused,
        )
        for each in channels:
            await each.start(conversations)
        stack.push_async_callback(workflows.close)

        news = News(database, workflows.start, lambda: _barrier_names(settings), utc_now)

        async def upkeep() -> None:
            await inbox.take_up_lost()
            await news.tell()
            await privacy.retain()

        await workflows.launch(answering, delivering, upkeep, index_admin)
        await inbox.take_up_lost()

        server = server_of(settings)

        async def ready(_request: Request) -> Response:
            state = {"store": await database.at_head(), "workflows": workflows.launched, "index": computing.version}
            if not all(state.values()):
                return JSONResponse({"status": "not ready", **state}, 503)
            if server is not None:
                state["chroma"] = await asyncio.to_thread(server.is_up)
            # What is loaded goes on answering without the server: taking this replica away would help nobody.
            return JSONResponse({"status": "ready" if all(state.values()) else "degraded", **state})

        routes = [route for each in channels for route in each.routes()]
        yield Starlette(routes=[*routes, Route("/healthz", _alive), Route("/readyz", ready)])


def _barrier_names(settings: Settings) -> Mapping[str, str]:
    version = versions_of(settings).open_current()
    try:
        return {barrier.id: barrier.name for barrier in version.knowledge.barriers}
    finally:
        version.close()


async def _follow(shared: SharedIndex) -> None:
    """Take what another host lets serve; a store or a disk that is away for a moment is told once."""
    complaint = None
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            await shared.take()
            complaint = None
        except Exception as error:
            if str(error) != complaint:
                log.exception("the index of the other hosts cannot be taken")
            complaint = str(error)


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok")
