from __future__ import annotations

import pytest

from bot.bot import Bot
from bot.index.records import records_of
from bot.retrieval.encoder import Encoder
from bot.retrieval.langchain import KnowledgeRetriever
from bot.retrieval.retriever import Retriever


@pytest.fixture(scope="module")
def retriever(bot: Bot, encoder: Encoder) -> Retriever:
    return bot.version.retriever(encoder)


def test_a_symptom_finds_its_own_record_first(bot: Bot, retriever: Retriever):
    symptoms = [record for record in records_of(bot.version.knowledge) if record.kind == "symptom"][::25]
    assert {record.id: retriever.search(record.text)[0].id for record in symptoms} == {
        record.id: record.id for record in symptoms
    }


def test_a_message_in_other_words_finds_its_barrier(retriever: Retriever):
    hits = retriever.search("our releases wait three weeks for a security review")
    assert any("review" in hit.text.lower() or "security" in hit.text.lower() for hit in hits[:3])
    assert {hit.origin for hit in hits} <= {"vectors", "lexical", "both"}
    assert len({hit.id for hit in hits}) == len(hits) == 20


def test_the_vector_may_be_given(retriever: Retriever, encoder: Encoder):
    text = "nobody owns the data"
    assert retriever.search_vector(encoder.encode([text]), text, 7) == retriever.search(text, 7)


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_no_more_than_the_limit_come(retriever: Retriever, limit: int):
    assert len(retriever.search("nobody owns the data", limit)) == limit


def test_a_text_without_words_is_ranked_by_vectors_alone(retriever: Retriever):
    assert {hit.origin for hit in retriever.search("?!")} == {"vectors"}


def test_vector_scores_are_cosines_and_rows_keep_apart(bot: Bot, encoder: Encoder):
    records = records_of(bot.version.knowledge)[:3]
    found = bot.version.vectors.search(encoder.encode([record.text for record in records]), 5)
    assert [hits[0].text for hits in found] == [record.text for record in records]
    for hits in found:
        assert hits[0].score == pytest.approx(1, abs=1e-4)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_langchain_gets_documents(retriever: Retriever):
    documents = KnowledgeRetriever(retriever=retriever, limit=4).invoke("nobody owns the data")
    hits = retriever.search("nobody owns the data", 4)
    assert [(document.id, document.page_content) for document in documents] == [(hit.id, hit.text) for hit in hits]
    assert documents[0].metadata == {
        "kind": hits[0].kind,
        "barrier": hits[0].barrier,
        "score": hits[0].score,
        "origin": hits[0].origin,
    }


def test_it_stands_in_a_chain(retriever: Retriever):
    chain = KnowledgeRetriever(retriever=retriever) | (lambda documents: [document.id for document in documents])
    assert len(chain.invoke("nobody owns the data")) == 20
