"""Settings -> Bot: one function wires the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.guidance import Guidance, compose
from bot.guidance.details import Facet, detail
from bot.index.build import Progress
from bot.index.index import Index, Tell
from bot.index.version import IndexVersion
from bot.retrieval.encoder import PACKAGED_ENCODER, Encoder, OnnxEncoder
from bot.settings import Settings
from bot.telemetry import switch_off_tracing
from bot.triage import Answer, Bounds, Message, Stages, Triage, Triager, load_bounds

Today = Callable[[], date]


@dataclass(frozen=True, slots=True)
class Reply:
    """An outcome, and the guidance when it is an answer."""

    stages: Stages
    guidance: Guidance | None

    @property
    def outcome(self) -> Triage:
        return self.stages.outcome


class Bot:
    """Answers on one index version, for every channel alike."""

    def __init__(self, version: IndexVersion, encoder: Encoder, today: Today, *, bounds: Bounds | None = None) -> None:
        self.version = version
        self._today = today
        self._retriever = version.retriever(encoder)
        self._triager = Triager(
            version.knowledge, version.heads, bounds or load_bounds(), version.likeness, encoder, self._retriever
        )

    def triage(self, message: Message) -> Stages:
        """Retrieval, ranking, scope and reasons. Raises MessageUnreadable."""
        return self._triager.explain(message)

    def detail(self, facet: Facet, barrier: str) -> str:
        """What the record of a barrier says about a part of what was told."""
        knowledge = self.version.knowledge
        return detail(facet, knowledge.barrier_by_id[barrier], knowledge, self._today())

    def reply(self, message: Message) -> Reply:
        """The whole way of a message. Raises MessageUnreadable."""
        stages = self.triage(message)
        text, outcome, version = stages.message.text, stages.outcome, self.version
        if not isinstance(outcome, Answer):
            return Reply(stages, None)
        records = self._retriever.records_of(outcome.barrier.id, stages.vector)
        return Reply(
            stages, compose(outcome, text, version.knowledge, records, stages.hits, self._today(), version.number)
        )


def build(settings: Settings, today: Today, progress: Progress, tell: Tell) -> Bot:
    """Open the index (building it on the first run) and wire the bot.

    Raises IndexBusy, HomeUnwritable, KnowledgeInvalid, EncoderUnavailable.
    """
    encoder = encoder_of(settings)
    index = open_index(settings, encoder)
    version = index.open(today(), progress, tell)
    if changed := index.changed_since(version):
        tell(f"Changed since index {version.number} was built: {shortened(changed)}. Run: triage index refresh")
    return Bot(version, encoder, today)


def open_index(settings: Settings, encoder: Encoder) -> Index:
    """The index of these settings, without opening a version of it."""
    if not settings.triage_tracing:
        switch_off_tracing()
    return Index(settings.triage_home, settings.knowledge, encoder)


def encoder_of(settings: Settings) -> Encoder:
    """The one that the wheel carries, or one of LangChain's."""
    if settings.triage_embeddings is None:
        return OnnxEncoder(PACKAGED_ENCODER)
    from bot.retrieval.langchain import LangChainEncoder

    return LangChainEncoder(settings.triage_embeddings)


def shortened(names: tuple[str, ...], most: int = 3) -> str:
    """The first few names and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
