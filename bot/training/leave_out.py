"""Is a barrier found that nobody wrote messages for? Its messages are taken out of the training, its file stays.

Barriers are left out ten at a time, the encoder trained anew each time: one that has read a barrier's messages would
give them away. That is harder than one at a time, and affordable.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.evaluation import read_labelled
from bot.index.build import head_of
from bot.index.records import records_of
from bot.index.vectors import VectorCache
from bot.retrieval.encoder import Encoder, OnnxEncoder
from bot.retrieval.lexical import LexicalIndex, write_lexical_index
from bot.retrieval.retriever import Retriever
from bot.retrieval.vectors import VectorIndex, write_vector_index
from bot.training.examples import source, themes_of, training_examples
from bot.triage.fitting import fit
from bot.triage.heads import Heads
from bot.triage.resemblance import by_records
from bot.triage.training_examples import TrainingExample, encoded_examples

BARRIERS, AT_A_TIME, FIRST = 30, 10, 5


@dataclass(frozen=True, slots=True)
class Found:
    """Of a barrier's messages, how many have it among the first five."""

    barrier: str
    messages: int
    among_five: int


def folds() -> list[frozenset[str]]:
    """Thirty barriers drawn once and for all, ten at a time."""
    drawn = random.Random(3).sample(sorted(themes_of()), BARRIERS)  # noqa: S311
    return [frozenset(drawn[place :: BARRIERS // AT_A_TIME]) for place in range(BARRIERS // AT_A_TIME)]


def leave_out(dev: Path, encoders: Path) -> Iterator[Found]:
    """`encoders` is where the trained ones are kept, a folder a fold, so that a second run takes minutes."""
    for number, gone in enumerate(folds()):
        folder = encoders / f"fold{number}"
        if not (folder / "ID").exists():
            _train(gone, folder, seed=11 + number)
        yield from _measured(gone, OnnxEncoder(folder), encoders, dev)


def examples_without(gone: frozenset[str], *, symptoms: bool) -> list[TrainingExample]:
    """Leave out what speaks for a barrier in `gone`, but for the symptoms that stand in its file, if wanted."""
    written = {symptom for barrier in source().knowledge.barriers if barrier.id in gone for symptom in barrier.symptoms}
    return [
        example
        for example in training_examples()
        if not gone & {barrier for barrier, _ in example.shares} or (symptoms and example.text in written)
    ]


def _train(gone: frozenset[str], folder: Path, seed: int) -> None:
    from bot.training.export import official_model, ship
    from bot.training.finetune import finetune

    ranker = finetune(examples_without(gone, symptoms=False), themes_of(), official_model(), seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    ship(ranker, tuple(sorted(themes_of())), official_model(), folder)


def _measured(gone: frozenset[str], encoder: Encoder, home: Path, dev: Path) -> Iterator[Found]:
    cache = VectorCache(home / "vectors.sqlite", None)
    examples = examples_without(gone, symptoms=True)
    vectors = cache.encode(encoder, [example.text for example in encoded_examples(examples)], _ignore)
    head = head_of(encoder)
    heads = fit(examples, themes_of(), vectors, head and head.without(gone))
    with TemporaryDirectory() as folder:
        rows = [(record.id, record.kind, record.barrier, record.text) for record in records_of(source().knowledge)]
        write_lexical_index(Path(folder) / "lexical.sqlite", rows)
        write_vector_index(Path(folder) / "chroma", rows, cache.encode(encoder, [row[3] for row in rows], _ignore))
        index = VectorIndex(Path(folder) / "chroma")
        retriever = Retriever(encoder, index, LexicalIndex(Path(folder) / "lexical.sqlite"))
        messages = _messages(dev)
        for barrier in sorted(gone):
            of_it = [text for text, named in messages if barrier in named]
            among = sum(barrier in _first(heads, encoder, retriever, text) for text in of_it)
            yield Found(barrier, len(of_it), among)
        index.close()


def _messages(dev: Path) -> list[tuple[str, Sequence[str]]]:
    """Real and dev messages with the barriers that were named first."""
    real = [(message.text, message.barriers) for message in source().messages.real]
    return [*real, *((item.text, item.barriers) for item in read_labelled(dev))]


def _first(heads: Heads, encoder: Encoder, retriever: Retriever, text: str) -> list[str]:
    vectors = encoder.encode([text])
    _, barriers = heads.rank(vectors[0], text, by_records(heads.barriers, *retriever.rankings(vectors, text)))
    return [heads.barriers[column] for column in (-barriers).argsort()[:FIRST]]


def _ignore(_done: int, _of: int) -> None:
    pass
