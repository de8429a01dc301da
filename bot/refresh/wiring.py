"""Settings -> what compares, what proposes, and where it is recorded."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.clock import today, utc_now
from bot.evaluation import gate_sets, read_labelled
from bot.index.version_store import LOCK_WAIT_S
from bot.refresh.outline import diff_lines, documents_lines
from bot.refresh.proposal import Compared
from bot.refresh.proposing import Proposer
from bot.refresh.shared import SharedIndex
from bot.settings import Settings
from bot.store import Database
from bot.wiring import encoder_of, open_index, versions_of


def database_of(settings: Settings) -> Database:
    """Return the store of these settings, with nothing opened or migrated yet."""
    url = settings.database_url
    return Database(settings.triage_home, url.get_secret_value() if url else None)


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncGenerator[Database]:
    """Open the store at this release's schema, for a command. Raises StoreUnavailable, StoreNewer, HomeUnwritable."""
    database = database_of(settings)
    try:
        await database.migrate()
        yield database
    finally:
        await database.close()


def shared_of(settings: Settings, database: Database) -> SharedIndex | None:
    """Return what hosts without a common disk have in common; None where the vectors stand in the home."""
    return SharedIndex(versions_of(settings), database) if settings.chroma_url else None


def compared(settings: Settings) -> Compared:
    """Tell what a refresh would change. Raises KnowledgeMissing, KnowledgeInvalid."""
    comparison = open_index(settings, encoder_of(settings)).compare(today())
    return Compared(
        comparison.base,
        (*diff_lines(comparison.diff), *documents_lines(comparison.documents, is_linked=False)),
        comparison.unchanged,
    )


def proposer_of(settings: Settings, lock_wait_s: float = LOCK_WAIT_S) -> Proposer:
    """Raises LabelledSetInvalid."""
    encoder = encoder_of(settings)
    labelled = [item for file in gate_sets() for item in read_labelled(file)]
    return Proposer(open_index(settings, encoder, lock_wait_s), encoder, labelled, utc_now)
