"""The durable order of steps. The only module that imports DBOS: everything else gets functions.

What DBOS stores are ids: no text of anybody, in inputs, outputs or errors.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy import delete, select

from bot.clock import Clock
from bot.conversations.answering import Answering
from bot.conversations.delivering import Delivering
from bot.conversations.index_admin import IndexAdmin
from bot.store import Database
from bot.store.tables import Replica

APPLICATION = "mlops-triage"
VERSION = "2"
"""Of the steps' order. Counted up by hand when a release changes it: DBOS resumes only what this version began."""
REPLIES = "replies"
AT_ONCE = 24
"""Workflows that run at once in a replica: most of them wait for the network, computing has its own limits."""
POLLING_S = 0.1
RETRY_EVERY_S, RETRIES = 2.0, 43_200
"""A store or a platform that is away delays an answer by up to a day."""
BEAT_EVERY_S, SWEEP_EVERY_S = 15.0, 60.0
SILENT_FOR = timedelta(seconds=60)
FINISH_WITHIN_S = 8
TICK, EVERY_FIVE_MINUTES = "tick", "*/5 * * * *"

patient_step = partial(
    DBOS.step, retries_allowed=True, interval_seconds=RETRY_EVERY_S, backoff_rate=1.0, max_attempts=RETRIES
)

log = structlog.get_logger()
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the workflows of this process call. DBOS is one a process, and so is this."""

    answering: Answering
    delivering: Delivering
    upkeep: Work
    index_admin: IndexAdmin


_parts: _Parts | None = None


def _of_this_process() -> _Parts:
    assert _parts is not None, "workflows run after the launch only"
    return _parts


@DBOS.workflow(name="reply")
async def reply(turn: str) -> None:
    """Answer and deliver one turn: one workflow a message, edit or press."""
    await answer_and_deliver(turn)


@patient_step(name="answer and deliver")
async def answer_and_deliver(turn: str) -> None:
    """Do both, which may be repeated: what was answered, and what was sent, stands in the turn.

    A checkpoint between the two would cost as much as either and keep nothing more.
    """
    workflow = DBOS.workflow_id
    assert workflow is not None, "a step runs in a workflow"
    parts = _of_this_process()
    question = await parts.answering.answer(turn, _attempt())
    await parts.delivering.deliver(turn, workflow)
    if question is not None:
        await parts.delivering.deliver(question, workflow)


@DBOS.workflow(name="refresh")
async def refresh(id: str) -> None:
    """Build an index beside the one that serves, and offer it to the admin who asked."""
    await build_and_offer(id)


@patient_step(name="build and offer")
async def build_and_offer(id: str) -> None:
    await _of_this_process().index_admin.run(id, _attempt())


def _attempt() -> int:
    """How often the step that runs was begun, from 1 on."""
    status = DBOS.step_status
    assert status is not None, "a step knows how often it was tried"
    return (status.current_attempt or 0) + 1


@DBOS.workflow(name="tick")
async def tick(_scheduled_at: datetime, _context: object) -> None:
    """Keep up once every five minutes, whatever the number of replicas: DBOS names the workflow by its moment."""
    await upkeep()


@DBOS.step(name="upkeep")
async def upkeep() -> None:
    await _of_this_process().upkeep()


class Workflows:
    """DBOS in this process: launched in the server's lifespan, beating while it lives."""

    def __init__(self, database: Database, executor: str, clock: Clock) -> None:
        self._database = database
        self._executor = executor
        self._clock = clock
        self._beating: asyncio.Task[None] | None = None

    async def launch(self, answering: Answering, delivering: Delivering, upkeep: Work, index_admin: IndexAdmin) -> None:
        """Start, and take up what this executor left unfinished. `upkeep` is called every five minutes."""
        global _parts
        _parts = _Parts(answering, delivering, upkeep, index_admin)
        quieten()
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._database.workflows_engine,
            "application_version": VERSION,
            "executor_id": self._executor,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "CRITICAL",
            "enable_otlp": False,
        }
        await self._beat()
        DBOS(config=config)
        DBOS.launch()
        await asyncio.to_thread(
            DBOS.register_queue,
            REPLIES,
            worker_concurrency=AT_ONCE,
            polling_interval_sec=POLLING_S,
            on_conflict="always_update",
        )
        await DBOS.apply_schedules_async(
            [{"schedule_name": TICK, "workflow_fn": tick, "schedule": EVERY_FIVE_MINUTES, "context": None}]
        )
        self._beating = asyncio.create_task(self._live())

    @property
    def launched(self) -> bool:
        return self._beating is not None and not self._beating.done()

    async def start(self, workflow: str, turn: str) -> None:
        """Enqueue a reply under this id; one that was started before is not started again."""
        await self._enqueue(workflow, reply, turn)

    async def start_refresh(self, id: str) -> None:
        """Enqueue a refresh under its id; one that was started before is not started again."""
        await self._enqueue(id, refresh, id)

    async def _enqueue(
        self, workflow: str, work: Callable[[str], Coroutine[object, object, None]], argument: str
    ) -> None:
        # In a context of its own: in a step, such as upkeep's, DBOS lets nothing be enqueued.
        enqueued = self._enqueued(workflow, work, argument)
        await asyncio.get_running_loop().create_task(enqueued, context=Context())

    async def _enqueued(
        self, workflow: str, work: Callable[[str], Coroutine[object, object, None]], argument: str
    ) -> None:
        with SetWorkflowID(workflow):
            await DBOS.enqueue_workflow_async(REPLIES, work, argument)

    async def prune(self, before: datetime) -> int:
        """Drop what DBOS keeps of workflows that ended before; how many."""
        return await _delete_ended(before)

    async def close(self) -> None:
        """Let what runs finish, for a moment; the rest is taken up at the next start."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
            self._beating = None
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=FINISH_WITHIN_S)

    async def _live(self) -> None:
        last_sweep = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                await self._beat()
                if loop.time() - last_sweep >= SWEEP_EVERY_S:
                    last_sweep = loop.time()
                    await self._sweep()
            except Exception:
                log.exception("heartbeat failed")
            await asyncio.sleep(BEAT_EVERY_S)

    async def _beat(self) -> None:
        async with self._database.writing() as session:
            await session.merge(Replica(executor=self._executor, beat_at=self._clock()))

    async def _sweep(self) -> None:
        """Take up the work of replicas that fell silent, also of those that never come back."""
        silent = select(Replica.executor).where(
            Replica.beat_at < self._clock() - SILENT_FOR, Replica.executor != self._executor
        )
        async with self._database.reading() as session:
            gone = list(await session.scalars(silent))
        if not gone:
            return
        # DBOS offers this to its own cloud only; without it the work of a replica that never returns is lost.
        recover = DBOS._recover_pending_workflows  # pyright: ignore[reportPrivateUsage]
        taken = await asyncio.to_thread(recover, gone)
        log.warning("took up the work of silent replicas", replicas=gone, workflows=len(taken))
        async with self._database.writing() as session:
            await session.execute(
                delete(Replica).where(Replica.executor.in_(gone), Replica.beat_at < self._clock() - SILENT_FOR)
            )


def executor_id(port: int) -> str:
    """Name this process, the same after a restart and another for each: two on one host listen on two ports."""
    return f"{socket.gethostname()}:{port}"


def quieten() -> None:
    """DBOS logs the values that it cannot store, and every retry with its trace: ours carry ids, and are enough."""
    logger = logging.getLogger("dbos")
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)


async def _delete_ended(before: datetime) -> int:
    deleted = 0
    while ended := await DBOS.list_workflows_async(
        completed_before=before.astimezone(UTC).isoformat(), load_input=False, load_output=False, limit=500
    ):
        await DBOS.delete_workflows_async([each.workflow_id for each in ended], delete_children=True)
        deleted += len(ended)
    return deleted
