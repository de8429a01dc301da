"""Our retriever and other people's embeddings, at LangChain's edge."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from textwrap import shorten

import numpy as np
from langchain.embeddings import init_embeddings
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from bot.errors import EncoderUnavailable
from bot.retrieval.encoder import Vectors
from bot.retrieval.retriever import Retriever

MOST_TOLD, SHORTEST_SECRET = 300, 6
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SECRET = re.compile(r"(?<=://)[^/\s@]+(?=@)|\b(?:sk|pk|xox\w|gh\w|hf|Bearer)[-_ ][\w*.-]{4,}|\b[\w+/=-]{24,}")
"""A name and password in an address, keys as providers shape them, and any long run of letters and digits."""


class KnowledgeRetriever(BaseRetriever):
    """The fused retriever as a LangChain `BaseRetriever`, for chains of one's own."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    limit: int = 20

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        return [
            Document(
                page_content=hit.text,
                id=hit.id,
                metadata={"kind": hit.kind, "barrier": hit.barrier, "score": hit.score, "origin": hit.origin},
            )
            for hit in self.retriever.search(query, self.limit)
        ]


class LangChainEncoder:
    """An embedding of LangChain's (`openai:text-embedding-3-small`) in our encoder's place.

    Raises EncoderUnavailable when its package is missing, its name is wrong, or the provider does not answer.
    """

    def __init__(self, name: str) -> None:
        self.id = name
        self.trained_head = None
        with _provider_errors(name):
            self._embeddings = _embeddings(name)

    def encode(self, texts: Sequence[str]) -> Vectors:
        with _provider_errors(self.id):
            vectors = np.asarray(self._embeddings.embed_documents(list(texts)), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
        if vectors.ndim != 2 or len(vectors) != len(texts) or not (np.isfinite(lengths) & (lengths > 0)).all():
            raise EncoderUnavailable(self.id, "its provider did not answer with one vector for each text")
        return vectors / lengths

    def encode_together(self, texts: Sequence[str]) -> Vectors:
        return self.encode(texts) if texts else np.empty((0, 0), np.float32)


def _embeddings(name: str) -> Embeddings:
    # OpenAI's would download a vocabulary and send tokens, which other servers of its interface do not read.
    if name.startswith("openai:"):
        return init_embeddings(name, check_embedding_ctx_length=False)
    return init_embeddings(name)


def _in_words(error: Exception) -> str:
    """Return the provider's own words, as far as they hold no secret: it may repeat the key that it refuses."""
    said = shorten(str(error), MOST_TOLD, placeholder=" …")
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_SECRET and _SECRET_NAME.search(name):
            said = said.replace(value, "…")
    said = _SECRET.sub("…", said)
    return f": {said.rstrip('.')}" if said else ""


@contextmanager
def _provider_errors(name: str) -> Generator[None]:
    try:
        yield
    except ImportError as error:
        raise EncoderUnavailable(name, str(error).splitlines()[0].rstrip(".")) from error
    except Exception as error:
        raise EncoderUnavailable(name, f"its provider failed with {type(error).__name__}{_in_words(error)}") from error
