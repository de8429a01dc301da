"""What the wheel carries belongs to the knowledge that it carries."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bot.index.build import PACKAGED_HEADS, PACKAGED_VECTORS
from bot.index.records import records_of
from bot.index.vectors import content_hash, read_packaged
from bot.retrieval.encoder import PACKAGED_ENCODER, Encoder
from bot.training.examples import source, themes_of, training_examples
from bot.triage.heads import Heads
from bot.triage.similarity import phrases_of
from bot.triage.training_examples import fit_key


def test_the_packaged_heads_are_fitted_on_this_knowledge(encoder: Encoder) -> None:
    key = fit_key(training_examples(), themes_of(), encoder.id)
    assert (PACKAGED_HEADS / "KEY").read_text().strip() == key, "run: python -m bot.training fit"


def test_the_packaged_heads_know_every_barrier() -> None:
    assert set(Heads.load(PACKAGED_HEADS).barriers) == set(themes_of())


def test_a_first_start_computes_no_vector(encoder: Encoder) -> None:
    known = read_packaged(PACKAGED_VECTORS, encoder.id)
    texts = [record.text for record in records_of(source().knowledge)]
    texts += [phrase for _, phrase in phrases_of(source().knowledge)]
    assert [text for text in texts if content_hash(text) not in known] == [], "run: python -m bot.training fit"


@pytest.mark.parametrize("folder", [PACKAGED_ENCODER], ids=lambda folder: folder.name)
def test_an_encoder_is_named_by_its_bytes(folder: Path) -> None:
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert (folder / "ID").read_text().strip() == f"{folder.name}@{digest[:12]}"
    assert (folder / "MODEL_CARD.md").exists()


def test_lessons_in_scope_all_have_a_theme() -> None:
    in_scope = [example for example in training_examples() if example.theme]
    assert {example.scope for example in in_scope} == {"in"}
    assert len(in_scope) > 9000


@pytest.mark.parametrize("file", ["dev.jsonl", "border.jsonl"])
def test_no_evaluation_message_is_learnt_from(file: str) -> None:
    evaluated = {line.strip().casefold() for line in _texts(Path("tests/eval") / file)}
    assert not evaluated & {example.text.strip().casefold() for example in training_examples()}


def _texts(file: Path) -> list[str]:
    from bot.evaluation import read_labelled

    return [message.text for message in read_labelled(file)]
