"""Slack's Web API as we call it: retries where a repetition is harmless, one message a second a channel."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# slack_sdk's dictionaries have no types; here, and here alone, responses become ours.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar, cast

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.channels.slack.limits import POST_EVERY_S
from bot.conversations.channel import NotDelivered, Undeliverable

TIMEOUT_S = 10.0
RETRIES = 3
"""The SDK counts attempts over all handlers together, so each is given the same."""
FORGET_PACE_ABOVE = 1000
MAY_PASS = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)

RetryPolicy = Literal["at_most_once", "idempotent", "best_effort"]
"""`at_most_once` repeats only what Slack refused for its rate: a post whose response was lost may have been seen.
`idempotent` repeats whatever may pass. `best_effort` is for marks that nobody misses."""
Model = TypeVar("Model", bound=BaseModel)


class ApiResponse(BaseModel):
    """What we read of a response; the rest is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Api:
    """Typed calls on one pool of connections; to be made inside the running loop, and closed."""

    def __init__(self, token: str, base_url: str) -> None:
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S))
        slow_down = AsyncRateLimitErrorRetryHandler(max_retry_count=RETRIES)
        careful: list[AsyncRetryHandler] = [slow_down]
        harmless: list[AsyncRetryHandler] = [
            slow_down,
            AsyncConnectionErrorRetryHandler(max_retry_count=RETRIES),
            AsyncServerErrorRetryHandler(max_retry_count=RETRIES),
        ]
        handlers: dict[RetryPolicy, list[AsyncRetryHandler]] = {
            "at_most_once": careful,
            "idempotent": harmless,
            "best_effort": [],
        }
        self._clients = {
            policy: AsyncWebClient(token, base_url=base_url, session=self.session, retry_handlers=each)
            for policy, each in handlers.items()
        }

    @property
    def client(self) -> AsyncWebClient:
        """For Bolt, which makes its own of it."""
        return self._clients["idempotent"]

    async def write(self, policy: RetryPolicy, method: str, model: type[Model], **arguments: object) -> Model:
        """Call a method that takes JSON. Raises NotDelivered for what may pass, Undeliverable for what will not."""
        given = {name: value for name, value in arguments.items() if value is not None}
        return await _called(self._clients[policy].api_call(method, json=given), model)

    async def read(self, policy: RetryPolicy, method: str, model: type[Model], **arguments: object) -> Model:
        """Call a method that takes a form. Raises the same."""
        given = {name: value for name, value in arguments.items() if value is not None}
        return await _called(self._clients[policy].api_call(method, params=given), model)

    async def close(self) -> None:
        await self.session.close()


async def _called(call: Awaitable[AsyncSlackResponse], model: type[Model]) -> Model:
    try:
        return model.model_validate((await call).data)
    except SlackApiError as error:
        response = cast(AsyncSlackResponse, error.response)
        reason = _refusal(response)
        status = cast(int, response.status_code)
        if reason is None or status == 429 or status >= 500 or reason in MAY_PASS:
            raise NotDelivered(reason or f"HTTP {status}") from None
        raise Undeliverable(reason) from None
    except ValidationError as error:
        raise NotDelivered("a response of another shape") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NotDelivered(type(error).__name__) from None


def _refusal(response: AsyncSlackResponse) -> str | None:
    """Slack's own word for why not. None when somebody else answered: a proxy, a page that tells of maintenance."""
    data = cast(object, response.data)
    reason = cast(dict[str, object], data).get("error") if isinstance(data, dict) else None
    return reason if isinstance(reason, str) else None


class Pace:
    """Turns at a channel, a second apart. `now` is the loop's time in seconds."""

    def __init__(self, every_s: float = POST_EVERY_S, now: Callable[[], float] | None = None) -> None:
        self._every_s = every_s
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._free_at: dict[str, float] = {}

    async def turn(self, channel: str) -> None:
        """Wait for this channel's next free moment; those who come together queue up."""
        await asyncio.sleep(self.wait_s(channel))

    def wait_s(self, channel: str) -> float:
        """Seconds until the moment that is taken by this call."""
        now = self._now()
        if len(self._free_at) > FORGET_PACE_ABOVE:
            self._free_at = {each: at for each, at in self._free_at.items() if at > now}
        at = max(now, self._free_at.get(channel, now))
        self._free_at[channel] = at + self._every_s
        return at - now
