"""Fit what the wheel carries, so that a first start computes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import gettempdir

from bot.index.build import PACKAGED_HEADS, PACKAGED_VECTORS, Encoders
from bot.index.records import records_of
from bot.index.vectors import VectorCache, content_hash, write_packaged
from bot.retrieval.encoder import PLAIN, RANKING, OnnxEncoder
from bot.training.material import lessons, source, themes_of
from bot.triage.fitting import fit
from bot.triage.lessons import fit_key, of_barriers, of_scope
from bot.triage.likeness import sounds_of


def fit_packaged() -> str:
    """Write `bot/packaged/heads` and `bot/packaged/vectors.npz`; a sentence on what was written.

    Encodes some 10,000 messages twice; the vectors are kept in the system's temporary folder for the next time.
    """
    encoders = Encoders(OnnxEncoder(PLAIN), OnnxEncoder(RANKING))
    cache = VectorCache(Path(gettempdir()) / "mlops-triage-training-vectors.sqlite")
    taught = lessons()
    heads = fit(
        taught,
        themes_of(),
        cache.encode(encoders.ranking, [lesson.text for lesson in of_barriers(taught)], _ignore),
        cache.encode(encoders.records, [lesson.text for lesson in of_scope(taught)], _ignore),
    )
    shutil.rmtree(PACKAGED_HEADS, ignore_errors=True)
    heads.save(PACKAGED_HEADS)
    key = fit_key(taught, themes_of(), (encoders.records.id, encoders.ranking.id))
    (PACKAGED_HEADS / "KEY").write_text(f"{key}\n", encoding="ascii")

    known = [record.text for record in records_of(source().knowledge)]
    known += [sound for _, sound in sounds_of(source().knowledge)]
    vectors = cache.encode(encoders.records, known, _ignore)
    by_hash = {content_hash(text): vector for text, vector in zip(known, vectors, strict=True)}
    write_packaged(PACKAGED_VECTORS, {encoders.records.id: by_hash})
    return f"{len(taught)} lessons, {len(by_hash)} vectors, heads {key}"


def _ignore(_done: int, _of: int) -> None:
    pass
