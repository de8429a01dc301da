"""What a tutorial would build: one card a barrier in Chroma behind a LangChain retriever, and the first hit wins.

`python -m tests.bench.tutorial FILE` answers labelled messages, one line each, for `triage eval FILE --answers`. It
needs the extra `train`: the encoder is the original one under torch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from bot.evaluation import read_labelled
from bot.index.records import records_of
from bot.knowledge import Knowledge, load_knowledge, packaged_knowledge
from bot.outcomes import BatchOutcome, Scored, ScoredBarrier


class TorchEmbeddings(Embeddings):
    """The official all-MiniLM-L6-v2, mean pooling over the tokens, on the CPU."""

    def __init__(self) -> None:
        import torch
        from transformers import AutoTokenizer

        from bot.training.export import official_model
        from bot.training.finetune import SentenceEncoder

        self._torch = torch
        self._tokenizer = AutoTokenizer.from_pretrained(official_model())
        self._encoder = SentenceEncoder(official_model()).eval()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        tokens = self._tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
        with self._torch.inference_mode():
            return self._encoder(tokens["input_ids"], tokens["attention_mask"]).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class Tutorial:
    def __init__(self, knowledge: Knowledge, embeddings: Embeddings) -> None:
        self._knowledge = knowledge
        cards = [record for record in records_of(knowledge) if record.kind == "card"]
        store = Chroma("cards", embeddings, mkdtemp(), collection_metadata={"hnsw:space": "cosine"})
        store.add_documents([Document(card.text, metadata={"barrier": card.barrier}) for card in cards])
        self._retriever = store.as_retriever(search_kwargs={"k": len(cards)})

    def answer(self, id: str, text: str) -> BatchOutcome:
        barriers = [document.metadata["barrier"] for document in self._retriever.invoke(text)]
        themes = _in_order([self._knowledge.theme_of(barrier).id for barrier in barriers])
        dimensions = _in_order([self._knowledge.theme_by_id[theme].dimension for theme in themes])
        return BatchOutcome(
            id=id,
            action="answer",
            kind=None,
            confidence=0.0,
            dimensions=_scored(dimensions),
            themes=_scored(themes),
            barriers=[
                ScoredBarrier(id=b, score=0.0, theme=(t := self._knowledge.theme_of(b)).id, dimension=t.dimension)
                for b in barriers[:10]
            ],
            question=None,
            citations=[],
            index_version=None,
        )


def _in_order(ids: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _scored(ids: Sequence[str]) -> list[Scored]:
    return [Scored(id=id, score=0.0) for id in ids]


def main() -> None:
    file = Path(sys.argv[1])
    knowledge = load_knowledge(packaged_knowledge(), datetime.now(UTC).date())
    tutorial = Tutorial(knowledge, TorchEmbeddings())
    for message in read_labelled(file):
        print(tutorial.answer(message.id, message.text).model_dump_json())


if __name__ == "__main__":
    main()
