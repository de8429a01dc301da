"""Text to vectors: the encoders that the wheel carries, or another one through LangChain."""

# onnxruntime and tokenizers have no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

Vectors = NDArray[np.floating]
"""Shape (texts, dimensions), float32, rows of unit length."""

MAX_TOKENS = 256
MAX_PARTS = 8
ENCODERS = Path(__file__).parent.parent / "encoders"
PACKAGED_ENCODER = ENCODERS / "triage-minilm-l6"


class Encoder(Protocol):
    """`id` names what made a vector: vectors of two encoders are never compared."""

    @property
    def id(self) -> str: ...

    @property
    def trained_head(self) -> Path | None:
        """The file of the head that it was trained with, if it was trained for this."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors: ...

    def encode_together(self, texts: Sequence[str]) -> Vectors:
        """Encode faster than `encode`, and a little coarser: to compare these texts with one another alone."""
        ...


class OnnxEncoder:
    """A sentence encoder from `bot/encoders`: int8 ONNX, on the CPU, without torch.

    Loading takes some 0.2 s and is put off until the first text. A text of more than 256 tokens is read in parts and
    gets their mean.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.id = (folder / "ID").read_text(encoding="utf-8").strip()
        self.trained_head = folder / "head.npz"
        self._folder = folder
        self._threads = threads

    def encode(self, texts: Sequence[str]) -> Vectors:
        # One part a run: the int8 scale is taken over a whole batch, so neighbours would change a text's vector.
        if len(texts) < 16:
            return np.stack([self._encode_one(text) for text in texts]) if texts else np.empty((0, 384), np.float32)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.stack(list(pool.map(self._encode_one, texts)))

    def encode_together(self, texts: Sequence[str]) -> Vectors:
        """Encode in one run; texts of more than 256 tokens are cut. Comparable within one call only."""
        if not texts:
            return np.empty((0, 384), np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        shape = len(encodings), max(len(encoding.ids) for encoding in encodings)
        ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask}
        vectors = np.asarray(self._session.run(["vector"], feed)[0], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _encode_one(self, text: str) -> Vectors:
        encoding = self._tokenizer.encode(text)
        parts = [self._encode_tokens(part) for part in (encoding, *encoding.overflowing[: MAX_PARTS - 1])]
        mean = np.mean(parts, axis=0, dtype=np.float32)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def _encode_tokens(self, encoding: Encoding) -> Vectors:
        feed = {
            "input_ids": np.array([encoding.ids], dtype=np.int64),
            "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
        }
        return np.asarray(self._session.run(["vector"], feed)[0], dtype=np.float32)[0]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _session(self) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(
            str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
