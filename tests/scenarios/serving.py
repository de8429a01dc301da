"""The real server in a thread of the test: its own loop, its own DBOS, a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import uvicorn

from bot.channels.app import ChannelApp
from bot.channels.configured import configured_channels
from bot.metrics import Metrics
from bot.server import serving
from bot.settings import Settings
from bot.store import Database
from tests.standins.slack import Slack

Result = TypeVar("Result")


@dataclass
class Served:
    """`run` runs a coroutine in the server's loop, where its database may be used."""

    url: str
    home: Path
    metrics: Metrics
    loop: asyncio.AbstractEventLoop
    database_url: str | None

    def run(self, what: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(60)

    def query(self, read: Callable[[Database], Awaitable[Result]]) -> Result:
        """With a database of one's own."""

        async def reading() -> Result:
            database = Database(self.home, self.database_url)
            try:
                return await read(database)
            finally:
                await database.close()

        return self.run(reading())

    def counted(self, what: str) -> float:
        return self.metrics.registry.get_sample_value("triage_deliveries_total", {"what": what}) or 0.0


def settings_for(slack: Slack, home: Path, database_url: str | None = None, **more: Any) -> Settings:
    return Settings(
        _env_file=None,
        triage_home=home,
        slack_bot_token=slack.token,
        slack_signing_secret=slack.signing_secret,
        slack_api_base_url=slack.base_url,
        database_url=database_url,
        **more,
    )


@contextmanager
def served(slack: Slack, home: Path, database_url: str | None = None, **more: Any) -> Iterator[Served]:
    """Serve Slack from this home, with an index in it, until the block ends; Slack is connected to it."""
    with served_channels(settings_for(slack, home, database_url, **more), configured_channels) as running:
        slack.connect(running.url)
        yield running


@contextmanager
def served_channels(settings: Settings, channels: Callable[[Settings], Sequence[ChannelApp]]) -> Iterator[Served]:
    """Serve these channels, made in the server's own loop, until the block ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(512)
    port = listener.getsockname()[1]
    metrics = Metrics()
    loop, up, failure = asyncio.new_event_loop(), Event(), list[BaseException]()
    servers: list[uvicorn.Server] = []

    async def run() -> None:
        async with serving(settings, metrics, port, channels(settings)) as app:
            config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
            server = uvicorn.Server(config)
            servers.append(server)
            up.set()
            await server.serve(sockets=[listener])

    def main() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(run())
        except BaseException as error:  # noqa: BLE001 - told in the test's own thread
            failure.append(error)
        finally:
            up.set()
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = Thread(target=main, daemon=True)
    thread.start()
    assert up.wait(30), "the server did not come up"
    if failure:
        listener.close()
        raise failure[0]
    database_url = settings.database_url.get_secret_value() if settings.database_url else None
    try:
        yield Served(f"http://127.0.0.1:{port}", settings.triage_home, metrics, loop, database_url)
    finally:
        servers[0].should_exit = True
        thread.join(30)
        listener.close()
        assert not thread.is_alive(), "the server did not end"
        if failure:
            raise failure[0]
