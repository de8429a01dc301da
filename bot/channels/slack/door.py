"""POST /slack/events: nothing is parsed before its signature holds, nothing is logged of what is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.slack.limits import BODY_BYTES

FORM = "application/x-www-form-urlencoded"
Count = Callable[[str], None]
Handle = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


class Door:
    """`app` is None until Slack has told who we are; until then Slack is asked to come again."""

    def __init__(self, signing_secret: str, app: Callable[[], AsyncApp | None], count: Count) -> None:
        self._verifier = SignatureVerifier(signing_secret)
        self._app = app
        self._count = count

    async def handle(self, request: Request) -> Response:
        try:
            body = await _read(request)
        except ClientDisconnect:
            return self._refused(400, "The request was cut off.")
        if body is None:
            return self._refused(413, f"A request may have {BODY_BYTES:,} bytes at most.")
        if not self._is_signed(request, body):
            return self._refused(401, "The signature does not hold.")
        if not _is_well_formed(body, request.headers.get("content-type", "")):
            return self._refused(400, "The body cannot be read.")
        app = self._app()
        if app is None:
            return self._refused(503, "Not ready yet.")
        return to_starlette_response(await app.async_dispatch(to_async_bolt_request(request, body)))

    def _is_signed(self, request: Request, body: bytes) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(request.headers))
        except ValueError:  # a timestamp that is no number, a body that is no text
            return False

    def _refused(self, status: int, why: str) -> Response:
        self._count(str(status))
        log.info("request refused", status=status)
        return PlainTextResponse(why, status)


async def _read(request: Request) -> bytes | None:
    """The body; None as soon as it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            return None
    return bytes(body)


def _is_well_formed(body: bytes, content_type: str) -> bool:
    try:
        text = body.decode("utf-8")
        if content_type.startswith(FORM):
            form = parse_qs(text, strict_parsing=True, keep_blank_values=True)
            return "payload" not in form or isinstance(json.loads(form["payload"][0]), dict)
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
