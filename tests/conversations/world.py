"""Two replicas on one real database and a platform that misbehaves: who goes on next is decided step by step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.bot import Bot
from bot.conversations.answering import Answering
from bot.conversations.backlog import Backlog
from bot.conversations.button_actions import ButtonActions
from bot.conversations.channel import PRIVATE, Address, LookupImpossible, NotDelivered
from bot.conversations.delivering import Delivering
from bot.conversations.inbox import LOST_AFTER, Inbox
from bot.conversations.incoming import ButtonAction, IncomingEdit, IncomingMessage, Kind
from bot.conversations.message_view import MessageView, Withdrawn, restored
from bot.conversations.replying import Answered, Asked, answered
from bot.conversations.turns import Refused
from bot.metrics import Metrics
from bot.store import Database, Room
from bot.store.tables import Message, Turn

PLATFORM = "platform"
WORKFLOWS_AT_ONCE = 2
Story = Callable[["Replica"], Awaitable[object]]
Hiccup = Literal["lost", "lost reply"]
Press = Callable[[ButtonActions, ButtonAction], Awaitable[object]]


class Gates:
    """Stops each task between any two steps until it is let on; a task that sleeps is let on when its time has come."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self.tasks: dict[asyncio.Task[object], _Gate] = {}
        self.passed = 0

    def begin(self, story: Callable[[], Awaitable[object]]) -> asyncio.Task[object]:
        async def gated() -> object:
            await self.pass_one()
            return await story()

        task = asyncio.get_running_loop().create_task(gated())
        self.tasks[task] = _Gate()
        return task

    async def pass_one(self, until: datetime | None = None) -> None:
        task = asyncio.current_task()
        assert task is not None
        gate = self.tasks[task]
        gate.until, gate.open = until, asyncio.get_running_loop().create_future()
        try:
            await gate.open
        finally:
            gate.open = None
        self.passed += 1

    async def sleep(self, seconds: float) -> None:
        await self.pass_one(self.now + timedelta(seconds=seconds))

    async def settle(self) -> list[asyncio.Task[object]]:
        """Those that can be let on, once each of the others has come to a gate or to its end."""
        while any(not task.done() and not gate.holds for task, gate in self.tasks.items()):
            await asyncio.sleep(0)
        self.tasks = {task: gate for task, gate in self.tasks.items() if not task.done()}
        if self.tasks and all(gate.until is not None and gate.until > self.now for gate in self.tasks.values()):
            self.now = min(gate.until for gate in self.tasks.values() if gate.until is not None)
        return [task for task, gate in self.tasks.items() if gate.until is None or gate.until <= self.now]

    async def let_on(self, task: asyncio.Task[object]) -> None:
        opened = self.tasks[task].open
        assert opened is not None, "it stands at a gate"
        opened.set_result(None)
        await self.settle()


@dataclass
class _Gate:
    open: asyncio.Future[None] | None = None
    until: datetime | None = None

    @property
    def holds(self) -> bool:
        return self.open is not None and not self.open.done()


class Gated(Database):
    """The real database, with a gate before and after each transaction: in between nobody can see it half done."""

    def __init__(self, home: Path, url: str | None, gates: Gates) -> None:
        super().__init__(home, url)
        self._gates = gates

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        await self._gates.pass_one()
        async with super().reading() as session:
            yield session

    @asynccontextmanager
    async def writing(self, *locks: str) -> AsyncGenerator[AsyncSession]:
        await self._gates.pass_one()
        async with super().writing(*locks) as session:
            yield session
        await self._gates.pass_one()


@dataclass
class Seen:
    """A message of ours that people see."""

    id: str
    view: MessageView
    room: str


class Platform:
    """Shows what it is sent; its next answers may be lost, with the message or after it was taken."""

    name = PLATFORM

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self.seen: list[Seen] = []
        self.hiccups: list[Hiccup] = []

    async def post(self, address: Address, view: MessageView) -> str:
        await self._gates.pass_one()
        hiccup = self.hiccups.pop() if self.hiccups else None
        if hiccup == "lost":
            raise NotDelivered("lost")
        made = Seen(PRIVATE if address.private else f"m{len(self.seen)}", view, address.room.id)
        self.seen.append(made)
        await self._gates.pass_one()
        if hiccup == "lost reply":
            raise NotDelivered("lost reply")
        return made.id

    async def replace(self, address: Address, view: MessageView) -> None:
        await self._gates.pass_one()
        if self.hiccups and self.hiccups.pop() == "lost":
            raise NotDelivered("lost")
        for each in self.of(view.turn):
            if each.id == address.posted:
                each.view = view
        await self._gates.pass_one()

    async def find(self, address: Address, turn: str, since: datetime) -> str | None:
        await self._gates.pass_one()
        if address.private:
            raise LookupImpossible
        return next((each.id for each in self.of(turn)), None)

    async def is_guest(self, room: Room, person: str) -> bool:
        return False

    async def deliver_privately(self, address: Address, view: MessageView, reason: str) -> None:
        raise AssertionError("nothing is undeliverable here")

    def of(self, turn: str) -> list[Seen]:
        return [each for each in self.seen if each.view.turn == turn]


@dataclass
class Replica:
    """One process: what it remembers goes when it dies."""

    world: World
    database: Database
    running: dict[asyncio.Task[object], Callable[[], None]] = field(default_factory=dict)
    """Tasks, and what becomes of their work when the process dies under them."""

    workflows: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.born()

    def born(self) -> None:
        world, backlog = self.world, Backlog()
        self.inbox = Inbox(self.database, world.start, backlog, world.clock)
        self.button_actions = ButtonActions(self.database, world.start, world.clock)
        self.answering = Answering(world.think, world.platform.is_guest, lambda: 1, self.database, backlog, world.clock)
        self.delivering = Delivering(
            {PLATFORM: world.platform}, self.database, world.clock, Metrics(), world.gates.sleep
        )

    def run(self, story: Callable[[], Awaitable[object]], when_killed: Callable[[], None]) -> None:
        task = self.world.gates.begin(story)
        self.running[task] = when_killed
        task.add_done_callback(lambda done: self.running.pop(done, None))

    async def killed(self) -> None:
        for task, when_killed in list(self.running.items()):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            when_killed()
        self.running.clear()
        self.workflows.clear()
        self.born()


class World:
    """People, their platform, two replicas, and what is durable of the workflows: their ids and whose they are."""

    def __init__(self, home: Path, url: str | None, bot: Bot, now: datetime, workspace: str) -> None:
        self.gates = Gates(now)
        self.platform = Platform(self.gates)
        self.bot = bot
        self.workspace = workspace
        self.workflows: dict[str, tuple[str, int]] = {}
        """The pending ones: its turn, and the replica that has it."""
        self.known: set[str] = set()
        self.events: list[Story] = []
        """What the platform has to tell still, or again."""
        self.said: dict[str, str | None] = {}
        """What each message to us says by now; None when it was deleted."""
        self.failures: list[BaseException] = []
        self.database = Database(home, url)
        self.replicas = [Replica(self, Gated(home, url, self.gates)) for _ in range(2)]
        self._starting = 0

    def clock(self) -> datetime:
        return self.gates.now

    async def think(self, asked: Asked) -> Answered:
        return thought(self.bot, asked)

    async def start(self, workflow: str, turn: str) -> None:
        """Keep that it is to be done, durably; what was started before is not started again."""
        await self.gates.pass_one()
        if workflow not in self.known:
            self.known.add(workflow)
            self._starting += 1
            self.workflows[workflow] = (turn, self._starting % 2)

    def told(self, story: Story, replica: int, *, again: bool = True) -> None:
        """An event reaches a replica; when that dies before acknowledging it, it is told again, but for a press."""
        told_to = self.replicas[replica]
        told_to.run(lambda: self._acknowledged(story, told_to), lambda: self.events.append(story) if again else None)

    async def _acknowledged(self, story: Story, replica: Replica) -> None:
        try:
            await story(replica)
        except Refused:
            pass
        except Exception as error:  # noqa: BLE001 - a failed story fails the test
            self.failures.append(error)

    def work(self, number: int) -> None:
        """Let a replica take up workflows of its own."""
        replica = self.replicas[number]
        for id, (turn, owner) in list(self.workflows.items()):
            if owner == number and id not in replica.workflows and len(replica.workflows) < WORKFLOWS_AT_ONCE:
                replica.workflows.add(id)
                replica.run(partial(self._workflow, id, turn, replica), lambda: None)

    async def _workflow(self, id: str, turn: str, replica: Replica) -> None:
        """As `workflows.py` has it: one step, repeated until it is done."""
        for attempt in count(1):
            try:
                question = await replica.answering.answer(turn, attempt)
                await replica.delivering.deliver(turn, id)
                if question is not None:
                    await replica.delivering.deliver(question, id)
                break
            except NotDelivered:
                await self.gates.sleep(5)
            except Exception as error:  # noqa: BLE001 - a failed story fails the test
                self.failures.append(error)
                break
        self.workflows.pop(id)
        replica.workflows.discard(id)

    async def finish(self) -> None:
        """Everybody comes back, everything is told again, and everything runs to its end; what was lost is taken up."""
        await self._run_to_the_end()
        self.gates.now += 2 * LOST_AFTER
        self.told(lambda replica: replica.inbox.take_up_lost(), 0)
        await self._run_to_the_end()

    async def _run_to_the_end(self) -> None:
        while self.events or self.workflows or self.gates.tasks:
            for index, story in enumerate(self.events):
                self.told(story, index % 2)
            self.events.clear()
            for number in (0, 1):
                self.work(number)
            for task in await self.gates.settle():
                await self.gates.let_on(task)
        await self.gates.settle()

    async def turns(self) -> list[Turn]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Turn).where(Turn.id.like(f"{PLATFORM}:{self.workspace}:%"))))

    async def messages(self) -> dict[str, Message]:
        async with self.database.reading() as session:
            found = await session.scalars(select(Message).where(Message.workspace == self.workspace))
            return {message.id: message for message in found}

    def room(self, id: str) -> Room:
        return Room(PLATFORM, self.workspace, id)

    def say(self, room: str, kind: Kind, author: str, text: str, thread: str | None) -> IncomingMessage:
        """A new message, at this moment."""
        where = self.room(room)
        ts = f"{self.gates.now.timestamp():.6f}"
        while where.key(ts) in self.said:
            self.gates.now += timedelta(milliseconds=1)
            ts = f"{self.gates.now.timestamp():.6f}"
        id = where.key(ts)
        self.said[id] = text
        return IncomingMessage(
            id=id, room=where, kind=kind, author=author, text=text, said_at=self.gates.now, thread=thread or ts,
            is_root=thread is None, external_user=False, reply_url="https://hooks" if kind == "command" else None,
        )  # fmt: skip

    def edit(self, incoming: IncomingMessage, text: str) -> IncomingEdit:
        self.said[incoming.id] = text
        self.gates.now += timedelta(milliseconds=1)
        changed = IncomingMessage(**{name: getattr(incoming, name) for name in incoming.__slots__} | {"text": text})
        return IncomingEdit(changed, f"{self.gates.now.timestamp():.6f}")

    async def close(self) -> None:
        for replica in self.replicas:
            await replica.killed()
            await replica.database.close()
        await self.database.close()


_thought: dict[str, Answered] = {}


def thought(bot: Bot, asked: Asked) -> Answered:
    """As the bot answers; the same question is thought about once."""
    key = repr(asked)
    if key not in _thought:
        _thought[key] = answered(bot, asked)
    return _thought[key]


def is_shown(seen: Seen, turn: Turn) -> bool:
    """Whether people see what the turn came to."""
    if turn.reply is None:
        return isinstance(seen.view.body, Withdrawn)
    view = seen.view
    return view.body == restored(turn.reply) and (view.more, view.closed) == (turn.more, turn.closed)
