"""Slack's half of the server, a real store, a real Web API; no workflows: what is started is written down."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.applications import Starlette

from bot.channels.app import Conversations
from bot.channels.slack.app import SlackApp
from bot.conversations.backlog import Backlog
from bot.conversations.button_actions import ButtonActions
from bot.conversations.commands import Commands
from bot.conversations.inbox import Inbox
from bot.conversations.message_view import Body, stored
from bot.conversations.privacy import Privacy
from bot.store import Database, Room, Turns
from bot.store.tables import Turn
from tests.standins.admin import index_admin
from tests.standins.slack import Slack

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Wired:
    """`starts` are (workflow, turn), `refused` the statuses of requests that were turned away."""

    slack: Slack
    app: SlackApp
    database: Database
    client: httpx.AsyncClient
    ana: str
    ml: str
    starts: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def event(self, event: dict[str, Any], **envelope: Any) -> httpx.Response:
        return await self._send(self.slack.envelope(event, **envelope), {"Content-Type": "application/json"})

    async def message(self, text: str, **changed: Any) -> httpx.Response:
        """Ana's, in #ml, unless told otherwise."""
        return await self.event(self.said(text, **changed))

    def said(self, text: str, **changed: Any) -> dict[str, Any]:
        ts = f"{time.time():.6f}"
        known = {"type": "message", "user": self.ana, "channel": self.ml, "ts": ts, "event_ts": ts, "text": text}
        return known | changed

    async def command(self, text: str, **changed: str) -> httpx.Response:
        known = {
            "command": "/mlops", "team_id": self.slack.team_id, "channel_id": self.ml, "user_id": self.ana,
            "text": text, "trigger_id": "trigger", "response_url": self.hook(self.ana),
        }  # fmt: skip
        return await self._send(urlencode(known | changed), FORM)

    async def press(self, action: str, value: str, message: str, **changed: Any) -> httpx.Response:
        payload = {
            "type": "block_actions", "api_app_id": self.slack.app_id, "response_url": self.hook(self.ana),
            "trigger_id": "trigger", "user": {"id": self.ana, "team_id": self.slack.team_id},
            "team": {"id": self.slack.team_id}, "channel": {"id": self.ml},
            "container": {"message_ts": message, "channel_id": self.ml},
            "actions": [{"action_id": action, "action_ts": f"{time.time():.6f}", "value": value, "type": "button"}],
        }  # fmt: skip
        return await self._send(urlencode({"payload": json.dumps(payload | changed)}), FORM)

    def room(self) -> Room:
        return Room("slack", self.slack.team_id, self.ml)

    def hook(self, person: str) -> str:
        return self.slack.api.new_hook(person, self.ml, None)

    async def answered(self, body: Body, **changed: Any) -> Turn:
        """A turn of ana's in #ml that shows this, as message m1."""
        known = {
            "id": "t1", "conversation": "t1", "asker": self.ana, "state": "delivered", "answered": 1, "delivered": 1,
            "received_at": datetime.now(UTC), "post_in": self.ml, "post_under": "t1", "posted": "1.000001",
            "reply": stored(body), "external_user": False,
        }  # fmt: skip
        async with self.database.writing() as session:
            turns = Turns(session)
            await turns.open("t1", self.room(), "t1", self.ana, datetime.now(UTC))
            await turns.add(turn := Turn(**(known | changed)))
        return turn

    async def turn(self, id: str = "t1") -> Turn:
        async with self.database.reading() as session:
            turn = await Turns(session).get(id)
        assert turn is not None
        return turn

    async def _send(self, body: str, headers: dict[str, str]) -> httpx.Response:
        return await self.client.post(self.app.path, content=body, headers=headers | self.slack.sign(body))


def play(slack: Slack, home: Path, story: Callable[[Wired], Awaitable[None]]) -> None:
    """Tell the story to a wired app of its own."""

    async def playing() -> None:
        async with _wired(slack, home) as wired:
            await story(wired)

    asyncio.run(playing())


@asynccontextmanager
async def _wired(slack: Slack, home: Path) -> AsyncIterator[Wired]:
    database = Database(home)
    await database.migrate()
    app = SlackApp(slack.token, slack.signing_secret, slack.base_url)
    backlog = Backlog()

    async def start(workflow: str, turn: str) -> None:
        wired.starts.append((workflow, turn))

    async def prune(_before: datetime) -> int:
        return 0

    def now() -> datetime:
        return datetime.now(UTC)

    privacy = Privacy(database, 90, prune, now)
    admin = index_admin({"slack": app.channel}, database, home, now)
    conversations = Conversations(
        Inbox(database, start, backlog, now),
        ButtonActions(database, start, now),
        lambda name: Commands(name, database, privacy, admin, lambda: 1, now),
        admin,
        privacy,
        backlog,
        now,
        lambda status: wired.refused.append(status),
    )
    try:
        await app.start(conversations)
        transport = httpx.ASGITransport(Starlette(routes=list(app.routes())))
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            ml = slack.channel("ml", members=["ana", "bo"])
            wired = Wired(slack, app, database, client, slack.person("ana"), ml)
            yield wired
    finally:
        await app.close()
        await database.close()
