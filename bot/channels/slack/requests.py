"""POST /slack/events: nothing is parsed before its signature holds, nothing is logged of what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qs

import structlog
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.slack.limits import BODY_BYTES

SSL_CHECK = b"ssl_check="
RATE_LIMITED = "app_rate_limited"
FORM = "application/x-www-form-urlencoded"
Count = Callable[[str], None]

log = structlog.get_logger()


class RequestHandler:
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
        if body.startswith(SSL_CHECK):  # Slack looks whether we are there, unsigned; there is nothing in it to act on
            return Response()
        if not self._is_signed(request, body):
            return self._refused(401, "The signature does not hold.")
        payload = _payload(body, request.headers.get("content-type", ""))
        if payload is None:
            return self._refused(400, "The body cannot be read.")
        if payload.get("type") == RATE_LIMITED:
            log.warning("Slack holds back events: too many in this hour")
            self._count(RATE_LIMITED)
            return Response()
        app = self._app()
        if app is None:
            return self._refused(503, "Not ready yet.")
        return to_starlette_response(await app.async_dispatch(to_async_bolt_request(request, body)))

    def _is_signed(self, request: Request, body: bytes) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(request.headers))
        except (ValueError, TypeError):  # a timestamp that is no number, a body or a signature that is no plain text
            return False

    def _refused(self, status: int, why: str) -> Response:
        self._count(str(status))
        log.info("request refused", status=status)
        return PlainTextResponse(why, status)


async def _read(request: Request) -> bytes | None:
    """Read the body; None as soon as it is too long."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            return None
    return bytes(body)


def _payload(body: bytes, content_type: str) -> dict[str, object] | None:
    """Tell what the body says; None when it cannot be read, or holds what no message can: NUL, half a character."""
    try:
        text = body.decode("utf-8")
        if not content_type.startswith(FORM):
            return _event(json.loads(text))
        form = parse_qs(text, strict_parsing=True, keep_blank_values=True)
        if "payload" in form:
            return _interaction(json.loads(form["payload"][0]))
        return _valid({name: values[0] for name, values in form.items()})
    except (ValueError, RecursionError):
        return None


def _event(payload: object) -> dict[str, object] | None:
    found = _valid(payload)
    if found is None or found.get("type") != "event_callback":
        return found
    event = found.get("event")
    is_one = isinstance(event, dict) and isinstance(cast(dict[str, object], event).get("type"), str)
    return found if is_one else None


def _interaction(payload: object) -> dict[str, object] | None:
    found = _valid(payload)
    if found is None or found.get("type") != "block_actions":
        return found
    actions = found.get("actions")  # Bolt looks into the first one
    return found if isinstance(actions, list) and actions and isinstance(found.get("user"), dict) else None


def _valid(payload: object) -> dict[str, object] | None:
    if not isinstance(payload, dict):
        return None
    json.dumps(payload, ensure_ascii=False).encode("utf-8")  # raises for half a character
    return None if _holds_nul(cast(object, payload)) else cast(dict[str, object], payload)


def _holds_nul(part: object) -> bool:
    if isinstance(part, str):
        return "\0" in part
    if isinstance(part, dict):
        return any(_holds_nul(key) or _holds_nul(value) for key, value in cast(dict[str, object], part).items())
    return isinstance(part, list) and any(map(_holds_nul, cast(list[object], part)))
