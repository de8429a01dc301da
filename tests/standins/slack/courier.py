"""Sends signed requests to the bot, as Slack does: three seconds to acknowledge, events again when it did not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import httpx

from tests.standins.slack.workspace import Payload, Workspace

ACK_S = 3.0
RETRY_DELAYS_S = (0.0, 60.0, 300.0)

T = TypeVar("T")


@dataclass
class Delivery:
    """One attempt to hand something to the bot."""

    kind: str
    name: str
    id: str
    attempt: int
    payload: Payload
    sent_at: float = field(default_factory=time.monotonic)
    status: int | None = None
    reason: str | None = None
    """Why it counts as failed: http_timeout, http_error, connection_failed."""
    seconds: float | None = None
    body: str = ""

    @property
    def acknowledged(self) -> bool:
        return self.status is not None and self.reason is None


def sign(body: str | bytes, ts: int | str | None = None, secret: str = "") -> dict[str, str]:
    ts = str(int(time.time()) if ts is None else ts)
    body = body.encode() if isinstance(body, str) else body
    digest = hmac.new(secret.encode(), f"v0:{ts}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": ts, "X-Slack-Signature": f"v0={digest}"}


class Courier:
    def __init__(self, workspace: Workspace, signing_secret: str) -> None:
        self.workspace = workspace
        self.signing_secret = signing_secret
        self.url: str | None = None
        self.path = "/slack/events"
        self.ack_s = ACK_S
        self.retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
        self.deliveries: list[Delivery] = []
        self.in_flight = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: httpx.AsyncClient | None = None
        self._session: aiohttp.ClientSession | None = None
        """For what Slack itself sends, much of it at once: httpx' pool would take more of the machine than the bot."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ids = count(1)

    async def open(self) -> None:
        self._loop = asyncio.get_running_loop()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        unlimited = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=unlimited, timeout=aiohttp.ClientTimeout(total=None))
        self._client = httpx.AsyncClient(verify=False, trust_env=False, limits=limits, timeout=None)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()
        if self._session:
            await self._session.close()

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):08d}"

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """From any thread; the caller may wait, except on the server's own loop."""
        assert self._loop is not None
        if self.url is None:
            work.close()
            raise RuntimeError("Nobody to send to: call connect() with the bot's address first")

        async def run() -> T:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            try:
                return await work
            finally:
                self._tasks.discard(task)

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    async def event(self, envelope: Payload) -> Delivery:
        body = json.dumps(envelope).encode()
        done = await self._attempt("event", _name(envelope), envelope["event_id"], envelope, body, 0, {})
        for number, delay_s in enumerate(self.retry_delays_s, start=1):
            if done.acknowledged or done.reason == "no_retry":
                break
            await asyncio.sleep(delay_s)
            again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": str(done.reason)}
            done = await self._attempt("event", _name(envelope), envelope["event_id"], envelope, body, number, again)
        return done

    async def form(self, kind: str, name: str, id: str, form: dict[str, str], payload: Payload) -> Delivery:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._attempt(kind, name, id, payload, urlencode(form).encode(), 0, headers)

    async def _attempt(
        self, kind: str, name: str, id: str, payload: Payload, body: bytes, attempt: int, headers: dict[str, str]
    ) -> Delivery:
        delivery = Delivery(kind, name, id, attempt, payload)
        with self.workspace.lock:
            self.deliveries.append(delivery)
            self.in_flight += 1
            self.workspace.touch()
        started = time.perf_counter()
        try:
            signed = {"Content-Type": "application/json"} | headers | sign(body, secret=self.signing_secret)
            assert self._session is not None
            async with (
                asyncio.timeout(self.ack_s),
                self._session.post(f"{self.url}{self.path}", data=body, headers=signed) as answer,
            ):
                delivery.status, delivery.body = answer.status, await answer.text()
                if not answer.ok:
                    delivery.reason = "no_retry" if answer.headers.get("x-slack-no-retry") == "1" else "http_error"
        except TimeoutError:
            delivery.reason = "http_timeout"
        except aiohttp.ClientError:
            delivery.reason = "connection_failed"
        finally:
            delivery.seconds = time.perf_counter() - started
            with self.workspace.lock:
                self.in_flight -= 1
                self.workspace.touch()
        return delivery

    async def raw(self, path: str, body: bytes, headers: dict[str, str], timeout_s: float) -> httpx.Response:
        assert self._client is not None
        async with asyncio.timeout(timeout_s):
            return await self._client.post(f"{self.url}{path}", content=body, headers=headers)


def _name(envelope: Payload) -> str:
    event = envelope.get("event", {})
    return ".".join(filter(None, [event.get("type", envelope.get("type")), event.get("subtype")]))
