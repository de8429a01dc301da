from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bot.errors import EncoderUnavailable
from bot.index.index import Index
from bot.retrieval.langchain import LangChainEncoder
from bot.settings import Settings
from bot.wiring import encoder_of
from tests.conftest import TODAY
from tests.knowledge.small import write_small
from tests.standins.embeddings import DIMENSIONS, Provider, provider, vector_of

KEY = "sk-a-key-that-nobody-may-see"
NAME = "openai:text-embedding-3-small"


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Provider]:
    """The loopback stand-in behind the real client."""
    with provider() as served:
        monkeypatch.setenv("OPENAI_BASE_URL", served.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield served


def test_vectors_come_in_order_and_of_unit_length(openai: Provider):
    vectors = LangChainEncoder(NAME).encode(["one", "two", "one"])
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert (vectors[0] == vectors[2]).all()
    expected = np.stack([vector_of("one"), vector_of("two")])
    assert vectors[:2] == pytest.approx(expected / np.linalg.norm(expected, axis=1, keepdims=True), abs=1e-6)
    assert openai.inputs == ["one", "two", "one"]
    assert set(openai.keys) == {KEY}


def test_settings_put_it_in_the_place_of_the_packaged_one(openai: Provider):
    encoder = encoder_of(Settings(triage_embeddings=NAME))
    assert encoder.id == NAME


def test_an_index_is_built_and_searched_with_it(openai: Provider, tmp_path: Path):
    small = write_small(tmp_path / "knowledge")
    encoder = encoder_of(Settings(triage_embeddings=NAME))
    version = Index(tmp_path / "home", small.path, encoder).open(TODAY, lambda *_: None, lambda _: None)
    assert version.manifest.encoder == NAME
    assert version.heads.own_head.weights.shape[0] == DIMENSIONS
    assert version.retriever(encoder).search("ORG-02 hurts on fridays")[0].id == "ORG-02/symptom/4"
    version.close()


REFUSAL = f'{{"error": {{"message": "Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}}}'


@pytest.mark.parametrize("body", [REFUSAL, f"no JSON: {KEY}", ""])
def test_a_refused_key_is_not_told(openai: Provider, body: str):
    openai.refusal = body
    with pytest.raises(EncoderUnavailable) as caught:
        LangChainEncoder(NAME).encode(["one"])
    assert str(caught.value).startswith(f"The embedding {NAME} cannot be used: its provider failed with Authentication")
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_the_providers_own_words_are_told(openai: Provider):
    openai.refusal = REFUSAL
    with pytest.raises(EncoderUnavailable, match=r"Incorrect API key provided: …"):
        LangChainEncoder(NAME).encode(["one"])


@pytest.mark.parametrize(
    "secret",
    ["sk-proj-0123456789", "https://user:hunter2hunter2@host/v1", "hf_abcdefgh", "Bearer abcdefgh", "A1b2" * 8],
)
def test_what_looks_like_a_secret_is_not_told_even_when_no_variable_holds_it(openai: Provider, secret: str):
    openai.refusal = REFUSAL.replace(KEY, secret)
    with pytest.raises(EncoderUnavailable) as caught:
        LangChainEncoder(NAME).encode(["one"])
    assert secret.removeprefix("https://").split("@")[0] not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<html>", id="no JSON"),
        pytest.param("{}", id="no data"),
        pytest.param('{"data": []}', id="no vectors"),
        pytest.param('{"data": [{"embedding": []}]}', id="no numbers"),
        pytest.param('{"data": [{"embedding": [0.0, 0.0]}]}', id="zeros"),
        pytest.param('{"data": [{"embedding": [1.0, NaN]}]}', id="not a number"),
        pytest.param('{"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}', id="too many"),
    ],
)
def test_an_answer_that_is_no_vector_is_unavailable(openai: Provider, body: str):
    openai.body = body
    with pytest.raises(EncoderUnavailable):
        LangChainEncoder(NAME).encode(["one"])


def test_a_provider_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    with provider() as served:
        url = served.url
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(EncoderUnavailable, match="APIConnectionError"):
        LangChainEncoder(NAME).encode(["one"])


def test_a_missing_key_is_unavailable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(EncoderUnavailable, match="Missing credentials"):
        LangChainEncoder(NAME)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("nonsense:model", "Provider 'nonsense' is not supported", id="unknown provider"),
        pytest.param("openai:", "Model name cannot be empty", id="no model"),
        pytest.param("cohere:embed-v4", "langchain-cohere", id="package missing"),
    ],
)
def test_a_name_that_leads_nowhere_is_one_clear_sentence(name: str, reason: str):
    with pytest.raises(EncoderUnavailable, match=reason) as caught:
        LangChainEncoder(name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("Mend TRIAGE_EMBEDDINGS, or unset it for the built-in one.")
