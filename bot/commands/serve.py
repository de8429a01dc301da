"""`triage serve`: answer in every channel that is configured."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys

import uvicorn

from bot.channels.configured import configured_channels
from bot.commands.console import notify
from bot.errors import PortTaken
from bot.logs import configure
from bot.metrics import Metrics
from bot.server import serving
from bot.settings import Settings, load_settings

FINISH_WITHIN_S = 8
SWITCH_EVERY_S = 0.0002
"""Python's default of 5 ms lets a computing thread hold up the loop, and each statement of the store twice."""


def serve() -> None:
    """Answer in Slack, or what else is configured, until stopped. Needs SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET."""
    settings = load_settings(serving=True)
    configure(settings.triage_log)
    sys.setswitchinterval(SWITCH_EVERY_S)
    with _listening(settings.triage_host, settings.port) as listener:  # first: two of us must not share an executor id
        asyncio.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    metrics = Metrics()
    host, port = listener.getsockname()[:2]
    if settings.triage_metrics_port is not None:
        metrics.serve(settings.triage_host, settings.triage_metrics_port)
    channels = configured_channels(settings)
    async with serving(settings, metrics, port, channels) as app:
        gc.freeze()  # what is there now stays: looking through it again and again costs time
        for each in channels:
            notify(f"Serving {each.channel.name.capitalize()} on http://{host}:{port}{each.path}.")
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=FINISH_WITHIN_S,
            server_header=False,
        )  # fmt: skip
        for each in (signal.SIGTERM, signal.SIGINT):
            # uvicorn ends in order on either, and then raises it again: our own end comes after that.
            signal.signal(each, lambda _signal, _frame: None)
        await uvicorn.Server(config).serve(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """Bind a socket. Its protocol is named: asyncio sends small answers at once only then."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortTaken(host, port, error.strerror or "it cannot be bound") from error
    return listener
