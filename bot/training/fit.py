"""Fit what the wheel carries, so that a first start computes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import gettempdir

from bot.index.build import PACKAGED_HEADS, PACKAGED_VECTORS, head_of
from bot.index.records import records_of
from bot.index.vectors import VectorCache, content_hash, write_packaged
from bot.retrieval.encoder import PACKAGED_ENCODER, OnnxEncoder
from bot.training.examples import source, themes_of, training_examples
from bot.triage.fitting import fit
from bot.triage.similarity import phrases_of
from bot.triage.training_examples import encoded_examples, fit_key


def fit_packaged() -> str:
    """Write `bot/packaged/heads` and `bot/packaged/vectors.npz`; a sentence on what was written.

    Encodes some 10,000 messages; the vectors are kept in the system's temporary folder for the next time.
    """
    encoder = OnnxEncoder(PACKAGED_ENCODER)
    cache = VectorCache(Path(gettempdir()) / "mlops-triage-training-vectors.sqlite")
    examples = training_examples()
    heads = fit(
        examples,
        themes_of(),
        cache.encode(encoder, [example.text for example in encoded_examples(examples)], _ignore),
        head_of(encoder),
    )
    shutil.rmtree(PACKAGED_HEADS, ignore_errors=True)
    heads.save(PACKAGED_HEADS)
    key = fit_key(examples, themes_of(), encoder.id)
    (PACKAGED_HEADS / "KEY").write_text(f"{key}\n", encoding="ascii")

    known = [record.text for record in records_of(source().knowledge)]
    known += [phrase for _, phrase in phrases_of(source().knowledge)]
    vectors = cache.encode(encoder, known, _ignore)
    by_hash = {content_hash(text): vector for text, vector in zip(known, vectors, strict=True)}
    write_packaged(PACKAGED_VECTORS, {encoder.id: by_hash})
    return f"{len(examples)} examples, {len(by_hash)} vectors, heads {key}"


def _ignore(_done: int, _of: int) -> None:
    pass
