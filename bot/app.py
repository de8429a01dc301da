"""Settings -> Bot: one function wires the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.guidance import Guidance, compose
from bot.index.build import Encoders, Progress
from bot.index.index import Index, Tell
from bot.index.version import IndexVersion
from bot.retrieval.encoder import PLAIN, RANKING, OnnxEncoder
from bot.retrieval.hits import Hit
from bot.settings import Settings
from bot.telemetry import switch_off_tracing
from bot.triage import Answer, Message, Stages, Triage, Triager, load_bounds

Today = Callable[[], date]


@dataclass(frozen=True, slots=True)
class Reply:
    """An outcome, and the guidance when it is an answer. `hits` are the records retrieved for the message."""

    stages: Stages
    hits: tuple[Hit, ...]
    guidance: Guidance | None

    @property
    def outcome(self) -> Triage:
        return self.stages.outcome


class Bot:
    """Answers on one index version, for every channel alike."""

    def __init__(self, version: IndexVersion, encoders: Encoders, today: Today) -> None:
        self.version = version
        self._today = today
        self._encoders = encoders
        self._triager = Triager(
            version.knowledge, version.heads, load_bounds(), version.likeness, encoders.records, encoders.ranking
        )

    def triage(self, message: Message) -> Stages:
        """Ranking, scope and reasons, without retrieval. Raises MessageUnreadable."""
        return self._triager.explain(message)

    def reply(self, message: Message) -> Reply:
        """The whole way of a message. Raises MessageUnreadable."""
        stages = self.triage(message)
        text, outcome = stages.message.text, stages.outcome
        retriever = self.version.retriever(self._encoders.records)
        hits = retriever.search_vector(stages.vector, text)
        if not isinstance(outcome, Answer):
            return Reply(stages, tuple(hits), None)
        hits = retriever.with_records_of([barrier.id for barrier in outcome.barriers], hits)
        version = self.version
        return Reply(
            stages, tuple(hits), compose(outcome, text, version.knowledge, hits, self._today(), version.number)
        )


def build(settings: Settings, today: Today, progress: Progress, tell: Tell) -> Bot:
    """Open the index (building it on the first run) and wire the bot.

    Raises IndexBusy, HomeUnwritable, KnowledgeInvalid, EncoderUnavailable.
    """
    encoders = encoders_of(settings)
    index = open_index(settings, encoders)
    version = index.open(today(), progress, tell)
    if changed := index.changed_since(version):
        tell(f"Changed since index {version.number} was built: {shortened(changed)}. Run: triage index refresh")
    return Bot(version, encoders, today)


def open_index(settings: Settings, encoders: Encoders) -> Index:
    """The index of these settings, without opening a version of it."""
    if not settings.triage_tracing:
        switch_off_tracing()
    return Index(settings.triage_home, settings.knowledge, encoders)


def encoders_of(settings: Settings) -> Encoders:
    """The two that the wheel carries, or one of LangChain's for both."""
    if settings.triage_embeddings is None:
        return Encoders(OnnxEncoder(PLAIN), OnnxEncoder(RANKING))
    from bot.retrieval.langchain import LangChainEncoder

    encoder = LangChainEncoder(settings.triage_embeddings)
    return Encoders(encoder, encoder)


def shortened(names: tuple[str, ...], most: int = 3) -> str:
    """The first few names and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
