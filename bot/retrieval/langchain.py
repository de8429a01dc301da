"""Our retriever and other people's embeddings, at LangChain's edge."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

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
        with _provider_errors(name):
            self._embeddings = _embeddings(name)

    def encode(self, texts: Sequence[str]) -> Vectors:
        with _provider_errors(self.id):
            vectors = np.asarray(self._embeddings.embed_documents(list(texts)), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
        if vectors.ndim != 2 or len(vectors) != len(texts) or not (np.isfinite(lengths) & (lengths > 0)).all():
            raise EncoderUnavailable(self.id, "its provider did not answer with one vector for each text")
        return vectors / lengths


def _embeddings(name: str) -> Embeddings:
    # OpenAI's would download a vocabulary and send tokens, which other servers of its interface do not read.
    if name.startswith("openai:"):
        return init_embeddings(name, check_embedding_ctx_length=False)
    return init_embeddings(name)


@contextmanager
def _provider_errors(name: str) -> Generator[None]:
    try:
        yield
    except ImportError as error:
        raise EncoderUnavailable(name, str(error).splitlines()[0].rstrip(".")) from error
    except Exception as error:
        # Each provider has errors of its own. Only their name is told: their words may hold the key that was refused.
        reason = f"its provider failed with {type(error).__name__} (is its name right, is its key set, does it answer?)"
        raise EncoderUnavailable(name, reason) from error
