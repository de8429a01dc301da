"""Chroma: a database in a folder, or a server. Collections are written once."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from bot.errors import ChromaUnavailable
from bot.retrieval.encoder import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from chromadb.api.types import GetResult

BATCH = 1000
SERVER_BATCH = 250
"""What a server takes in one request, and proxies before it let through."""
TIMEOUT_S, HEARTBEAT_S = 10.0, 2.0
Fields = dict[str, str]


def open_client(folder: Path) -> Client:
    """Raises what Chroma, SQLite or the file system raises where it cannot be opened."""
    import chromadb
    from chromadb.api.client import Client
    from chromadb.config import Settings

    client = chromadb.PersistentClient(
        folder, settings=Settings(anonymized_telemetry=False, chroma_otel_collection_endpoint="")
    )
    assert isinstance(client, Client)
    return client


@dataclass(frozen=True)
class ChromaServer:
    """A server that keeps the vectors. `ca`: a file with the authority that signed its certificate."""

    url: str
    token: str | None = field(default=None, repr=False)
    ca: Path | None = None

    def is_up(self) -> bool:
        """Ask without Chroma's own client, which takes 100 MB that the process that serves can do without."""
        import httpx

        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        verify = ssl.create_default_context(cafile=self.ca) if self.ca else True
        try:
            url = f"{self.url.rstrip('/')}/api/v2/heartbeat"
            return httpx.get(url, headers=headers, verify=verify, timeout=HEARTBEAT_S).is_success
        except (httpx.HTTPError, OSError):
            return False

    def write(self, name: str, ids: Sequence[str], vectors: Vectors, fields: Sequence[Fields],
              texts: Sequence[str] | None = None) -> None:  # fmt: skip
        """Raises ChromaUnavailable."""
        with self.answering():
            write_collection(self._client, name, ids, vectors, fields, texts, batch=SERVER_BATCH)

    def open(self, name: str) -> Collection:
        """Raises ChromaUnavailable, and LookupError where it holds no such collection."""
        from chromadb.errors import NotFoundError

        with self.answering():
            try:
                return open_collection(self._client, name)
            except NotFoundError as error:
                raise LookupError(name) from error

    def names(self) -> list[str]:
        """Return the collections there. Raises ChromaUnavailable."""
        with self.answering():
            return [collection.name for collection in self._client.list_collections()]

    def remove(self, name: str) -> None:
        """Remove a collection; one that is not there is as good as removed. Raises ChromaUnavailable."""
        with self.answering():
            if name in [collection.name for collection in self._client.list_collections()]:
                self._client.delete_collection(name)

    @contextmanager
    def answering(self) -> Generator[None]:
        """Raises ChromaUnavailable in the place of what Chroma and the network raise."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, httpx.HTTPError, ValueError, OSError) as error:
            raise ChromaUnavailable(self.url, _reason(error)) from error

    @property
    def _client(self) -> Client:
        return _connected(self.url, self.token, self.ca)


@cache
def _connected(url: str, token: str | None, ca: Path | None) -> Client:
    """Make the one client that this process has of a server: it keeps connections, and closes none of them itself."""
    import chromadb
    from chromadb.api.client import Client
    from chromadb.api.fastapi import FastAPI
    from chromadb.config import Settings

    address = urlsplit(url)
    is_secure = address.scheme == "https"
    settings = Settings(anonymized_telemetry=False, chroma_otel_collection_endpoint="")
    if token:
        settings.chroma_client_auth_provider = "chromadb.auth.token_authn.TokenAuthClientProvider"
        settings.chroma_client_auth_credentials = token
    if ca:
        settings.chroma_server_ssl_verify = str(ca)
    port = address.port or (443 if is_secure else 80)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Chroma gives httpx the authority in the old way
        client = chromadb.HttpClient(address.hostname or "", port, ssl=is_secure, settings=settings)
    assert isinstance(client, Client)
    server = client._server  # pyright: ignore[reportPrivateUsage] - by itself it waits for ever
    assert isinstance(server, FastAPI)
    server._session.timeout = TIMEOUT_S  # pyright: ignore[reportPrivateUsage]
    return client


def _reason(error: Exception) -> str:
    said = str(error).strip().partition("\n")[0]
    return said or type(error).__name__


def open_collection(client: Client, name: str) -> Collection:
    return client.get_collection(name, embedding_function=None)


def write_collection(
    client: Client, name: str, ids: Sequence[str], vectors: Vectors, fields: Sequence[Fields],
    texts: Sequence[str] | None = None, *, batch: int = BATCH,
) -> None:  # fmt: skip
    """Write a new collection. Raises what Chroma raises when it cannot be written."""
    # Without a given embedding function Chroma attaches its default, which downloads a model.
    # Chroma writes its graph when as many records as the threshold are in, and makes it anew at each opening until
    # then.
    threshold = max(2, len(ids))
    collection = client.create_collection(
        name,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "sync_threshold": threshold, "batch_size": min(100, threshold)}},
    )
    for start in range(0, len(ids), batch):
        part = slice(start, start + batch)
        collection.add(
            ids=[*ids[part]],
            embeddings=vectors[part],
            metadatas=[{**each} for each in fields[part]],
            documents=None if texts is None else [*texts[part]],
        )


@dataclass(frozen=True, slots=True)
class ServedCollection:
    """A collection on a server, there or yet to be written."""

    server: ChromaServer
    name: str


def write_to(
    place: Path | ServedCollection, name: str, ids: Sequence[str], vectors: Vectors, fields: Sequence[Fields],
    texts: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Write the collection `name` in a database of its own in a new folder, or the one of a server."""
    if isinstance(place, ServedCollection):
        place.server.write(place.name, ids, vectors, fields, texts)
        return
    client = open_client(place)
    try:
        write_collection(client, name, ids, vectors, fields, texts)
    finally:
        client.close()


def matching(collection: Collection, key: str, value: str) -> tuple[list[str], list[Fields], list[str], Vectors]:
    """Return all whose field has the value: ids, fields, texts (none where none were written), unit vectors."""
    return _found(collection.get(where={key: value}, include=["documents", "metadatas", "embeddings"]))


def everything(collection: Collection) -> tuple[list[str], list[Fields], list[str], Vectors]:
    """Return all there is, as `matching` does."""
    return _found(collection.get(include=["documents", "metadatas", "embeddings"]))


def _found(found: GetResult) -> tuple[list[str], list[Fields], list[str], Vectors]:
    texts, metadatas, embeddings = found["documents"], found["metadatas"], found["embeddings"]
    if metadatas is None or embeddings is None:
        raise ValueError("Chroma left out what was asked for")
    fields = [{key: str(value) for key, value in each.items()} for each in metadatas]
    vectors = np.asarray(embeddings, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return found["ids"], fields, texts or [], vectors / np.where(lengths, lengths, 1.0)
