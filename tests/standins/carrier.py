"""A channel of our own: messages come by plain HTTP. It shows what a platform must bring, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.app import Conversations
from bot.conversations.channel import Address
from bot.conversations.commands import Command
from bot.conversations.incoming import IncomingMessage
from bot.conversations.message_view import MessageView
from bot.store import Room

COMMAND = "!bot"


class CarrierChannel:
    """Implements `bot.conversations.channel.Channel`; what was posted is in `posts`, by its id."""

    name = "carrier"

    def __init__(self) -> None:
        self.posts: dict[str, MessageView] = {}

    async def post(self, address: Address, view: MessageView) -> str:
        id = f"post-{len(self.posts)}"
        self.posts[id] = view
        return id

    async def replace(self, address: Address, view: MessageView) -> None:
        assert address.posted is not None
        self.posts[address.posted] = view

    async def find(self, address: Address, turn: str, since: datetime) -> str | None:
        return next((id for id, view in self.posts.items() if view.turn == turn), None)

    async def is_guest(self, room: Room, person: str) -> bool:
        return False

    async def is_admin(self, room: Room, person: str) -> bool:
        return person == "queen"

    async def open_direct(self, room: Room, person: str) -> Room:
        return replace(room, id=f"with {person}")

    async def deliver_privately(self, address: Address, view: MessageView, reason: str) -> None:
        raise AssertionError("every post is taken")


class CarrierApp:
    """Implements `bot.channels.app.ChannelApp`."""

    path = "/carrier"

    def __init__(self) -> None:
        self.channel = CarrierChannel()
        self.closed = False
        self._conversations: Conversations | None = None

    async def start(self, conversations: Conversations) -> None:
        self._conversations = conversations

    def routes(self) -> Sequence[BaseRoute]:
        return [Route(self.path, self._on_message, methods=["POST"])]

    async def close(self) -> None:
        self.closed = True

    async def _on_message(self, request: Request) -> Response:
        said = await request.json()
        assert self._conversations is not None
        room = Room(CarrierChannel.name, "field", "nest")
        if said["text"].startswith(COMMAND):
            command = Command(room, said["from"], said["text"].removeprefix(COMMAND), direct=False, id=said["id"])
            reply = await self._conversations.commands(COMMAND).answer(command)
            return JSONResponse({"said": reply.text if reply else None})
        id = room.key(said["id"])
        incoming = IncomingMessage(
            id, room, "mention", said["from"], said["text"], datetime.now(UTC), said["id"], is_root=True
        )
        return JSONResponse({"turn": await self._conversations.inbox.receive(incoming)})
