"""The HTTP side: a Starlette app under uvicorn in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import suppress
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.standins.slack.api import JSON_ARGUMENTS, Api, Call
from tests.standins.slack.courier import Courier
from tests.standins.slack.faults import NONE, Fault, Faults
from tests.standins.slack.workspace import Payload

HANG_S = 30.0


class Server:
    def __init__(self, api: Api, courier: Courier, faults: Faults) -> None:
        self.api, self.courier, self.faults = api, courier, faults
        self.hang_s = HANG_S
        self.calls: list[Call] = []
        self.answering = 0
        self._closing: asyncio.Event | None = None
        self._socket: socket.socket | None = None
        app = Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                Route("/hooks/{hook}", self._hook, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        self._uvicorn = uvicorn.Server(config)
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), name="slack-standin", daemon=True)

    def start(self) -> str:
        # Named as TCP: asyncio sets TCP_NODELAY only then, and without it each answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(512)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._uvicorn.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("The Slack stand-in did not start")
            time.sleep(0.005)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def stop(self) -> None:
        self._uvicorn.should_exit = True
        self._thread.join(10)
        if self._socket:
            self._socket.close()

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        await self.courier.open()
        watch = asyncio.create_task(self._watch())
        try:
            await self._uvicorn.serve(sockets=[self._socket] if self._socket else None)
        finally:
            await watch
            await self.courier.close()

    async def _watch(self) -> None:
        """At the end nobody waits for what hangs on purpose."""
        while not self._uvicorn.should_exit:
            await asyncio.sleep(0.05)
        assert self._closing is not None
        self._closing.set()

    async def _api(self, request: Request) -> Response:
        method = request.path_params["method"]
        args, token = await _arguments(request)
        return await self._within_faults(method, args, lambda: self._api_answer(method, args, token))

    async def _api_answer(self, method: str, args: Payload, token: str | None) -> Response:
        if wait_s := self.api.retry_after_s(method, args):
            return _limited(wait_s)
        headers = {"x-oauth-scopes": ",".join(sorted(self.api.installation.scopes))}
        return JSONResponse(self.api.answer(method, args, token), headers=headers)

    async def _hook(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except json.JSONDecodeError:
            return PlainTextResponse("invalid_payload", 400)
        hook = request.path_params["hook"]
        return await self._within_faults("response_url", {"hook": hook} | body, lambda: self._hook_answer(hook, body))

    async def _hook_answer(self, hook: str, body: Payload) -> Response:
        status, error = self.api.respond(hook, body)
        if status == 200:
            return PlainTextResponse("ok")
        return JSONResponse({"ok": False, "error": error}, status)

    async def _within_faults(self, method: str, args: Payload, work: Any) -> Response:
        fault = self.faults.next(method)
        workspace = self.api.workspace
        with workspace.lock:
            self.calls.append(Call(method, args, time.monotonic(), fault.name))
            self.answering += 1
        try:
            answer = await work() if fault.works else Response()
            return answer if fault is NONE else self._spoilt(fault)
        finally:
            with workspace.lock:
                self.answering -= 1
                workspace.touch()

    def _spoilt(self, fault: Fault) -> Response:
        match fault.kind:
            case "status" if fault.status == 429:
                return _limited(fault.retry_after_s or 1)
            case "status":
                return PlainTextResponse("Internal error", fault.status)
            case "page":
                return HTMLResponse("<html><body>We will be back soon</body></html>", fault.status)
            case "error":
                return JSONResponse({"ok": False, "error": fault.error})
            case "hang" | "withhold":
                return Hangup(self, self.hang_s)
            case _:
                return Hangup(self, 0)

    async def hang_up(self, client: Any, after_s: float, receive: Receive) -> None:
        assert self._closing is not None
        waiting = [asyncio.create_task(self._closing.wait()), asyncio.create_task(_left(receive))]
        if after_s:
            await asyncio.wait(waiting, timeout=after_s, return_when=asyncio.FIRST_COMPLETED)
        for connection in list(self._uvicorn.server_state.connections):
            if getattr(connection, "client", None) == client:
                connection.transport.abort()  # type: ignore[union-attr]
        await asyncio.wait(waiting[1:], timeout=1)  # uvicorn answers 500 for those who return before the close
        for task in waiting:
            task.cancel()


class Hangup(Response):
    """No answer at all: the connection closes."""

    def __init__(self, server: Server, after_s: float) -> None:
        super().__init__()
        self.server, self.after_s = server, after_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.server.hang_up(tuple(scope["client"]), self.after_s, receive)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _limited(seconds: int) -> Response:
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": str(seconds)})


async def _arguments(request: Request) -> tuple[Payload, str | None]:
    raw = await request.body()
    args: Payload = dict(request.query_params)
    if "json" in request.headers.get("content-type", ""):
        args |= json.loads(raw or b"{}")
    else:
        args |= dict(parse_qsl(raw.decode(), keep_blank_values=True))
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    for key in JSON_ARGUMENTS & args.keys():
        if isinstance(args[key], str):
            with suppress(json.JSONDecodeError):
                args[key] = json.loads(args[key])
    in_body = args.pop("token", None)
    return args, bearer or in_body
