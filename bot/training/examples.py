"""The knowledge base as training sees it."""

from __future__ import annotations

from functools import cache

from bot.clock import today
from bot.index.source import KnowledgeSource, read_source
from bot.knowledge import packaged_knowledge
from bot.triage.training_examples import TrainingExample, training_examples_of


@cache
def source() -> KnowledgeSource:
    return read_source(packaged_knowledge(), today())


def themes_of() -> dict[str, str]:
    """Return each barrier's theme."""
    return {barrier.id: barrier.theme for barrier in source().knowledge.barriers}


def training_examples() -> tuple[TrainingExample, ...]:
    return training_examples_of(source().knowledge, source().messages)
