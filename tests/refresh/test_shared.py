"""Vectors on a Chroma server, everything else in the store: several hosts, one index."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from bot.bot import Bot
from bot.documents import SHELL, DocumentLibrary, DocumentSources
from bot.errors import (
    CandidateUnknown,
    ChromaUnavailable,
    EncoderUnavailable,
    IndexDamaged,
    ProposalOvertaken,
    TriageError,
)
from bot.index.index import Index
from bot.index.version import documents_of
from bot.refresh import shared as sharing
from bot.refresh.administration import Administration
from bot.refresh.proposal import Proposal
from bot.refresh.proposing import Proposer
from bot.refresh.shared import SharedIndex
from bot.retrieval.chroma import ChromaServer
from bot.store import Database
from bot.triage import Message
from tests.conftest import TODAY
from tests.index.desk import RecordingEncoder, silent
from tests.knowledge.small import Small, write_small
from tests.refresh.conftest import ANA, NOW
from tests.standins.chroma import ChromaRun, chroma, guarded, write_certificate

__all__ = ["chroma"]

Done = TypeVar("Done")
MONDAYS = "ORG-01 hurts on mondays"


@dataclass
class Host:
    """A machine with a home of its own. `store` is what it has in common with others, beside the server."""

    home: Path
    store: Path
    small: Small
    server: ChromaServer | None
    encoder: RecordingEncoder

    @property
    def index(self) -> Index:
        library = DocumentLibrary(DocumentSources(self.home, None), self.home / "cache" / "documents.sqlite")
        return Index(self.home, self.small.path, self.encoder, library, server=self.server, lock_wait_s=0.2)

    def act(self, act: Callable[[Administration, SharedIndex], Awaitable[Done]]) -> Done:
        async def acting() -> Done:
            database = Database(self.store)
            try:
                await database.migrate()
                shared = SharedIndex(self.index.versions, database)
                return await act(Administration(self.index.versions, database, lambda: NOW, shared), shared)
            finally:
                await database.close()

        return asyncio.run(acting())

    def start(self) -> None:
        """As `triage serve` does."""
        self.take()
        self.index.open(TODAY, silent, lambda _sentence: None).close()
        self.act(lambda _, shared: shared.publish_first())

    def take(self) -> None:
        self.act(lambda _, shared: shared.take())

    def propose(self) -> Proposal:
        self.take()
        proposal = Proposer(self.index, self.encoder, [], lambda: NOW).propose("ana", silent, anyway=True)
        assert isinstance(proposal, Proposal)
        self.act(lambda desk, _: desk.proposed(ANA, proposal))
        return proposal

    def promote(self, number: int | None = None) -> None:
        self.act(lambda desk, _: desk.promote(ANA, number))

    def serving(self) -> tuple[int, str, str | None]:
        """The number, the name of the first barrier, and where the vectors are."""
        version = self.index.versions.open_current()
        try:
            bot = Bot(version, self.encoder, lambda: TODAY)
            assert bot.triage(Message(MONDAYS)).hits
            return version.number, version.knowledge.barrier_by_id["ORG-01"].name, version.manifest.collection
        finally:
            version.close()

    def rename(self, name: str) -> None:
        file = self.small.path / "barriers" / "ORG-01.yaml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join([lines[0], f"name: {name}\n", *lines[2:]]), encoding="utf-8")


@pytest.fixture
def hosts(tmp_path: Path, chroma: ChromaRun, encoder) -> tuple[Host, Host]:
    small = write_small(tmp_path / "knowledge")
    first, second = (
        Host(tmp_path / name, tmp_path / "store", small, chroma.server, RecordingEncoder(encoder, "recording"))
        for name in ("first", "second")
    )
    return first, second


def test_two_hosts_serve_one_index_and_take_each_others(hosts: tuple[Host, Host], chroma: ChromaRun):
    first, second = hosts
    first.start()
    second.start()
    assert first.serving() == second.serving()
    assert len(chroma.collections()) == 1, "the second built nothing"
    first.rename("The new name")
    assert first.propose().number == 2
    second.take()
    second.promote(2)
    first.take()
    assert first.serving() == second.serving()
    assert first.serving()[:2] == (2, "The new name")
    first.act(lambda desk, _: desk.roll_back(ANA))
    second.take()
    assert second.serving() == first.serving()
    assert second.serving()[0] == 1
    second.act(lambda desk, _: desk.roll_back(ANA, 2))
    first.take()
    assert first.serving()[0] == 2


def test_what_is_dropped_is_gone_from_the_server_the_store_and_every_host(hosts: tuple[Host, Host], chroma: ChromaRun):
    first, second = hosts
    first.start()
    for name in ("one", "two", "three", "four"):
        second.rename(name)
        second.promote(second.propose().number)
    first.take()
    assert first.index.versions.numbers() == second.index.versions.numbers() == [3, 4, 5]
    assert len(chroma.collections()) == 3
    second.rename("five")
    second.propose()
    assert len(chroma.collections()) == 4
    first.act(lambda desk, _: desk.discard(ANA))
    assert len(chroma.collections()) == 3
    second.take()
    with pytest.raises(CandidateUnknown):
        second.promote()


def test_who_was_overtaken_is_told_and_has_the_others_index(hosts: tuple[Host, Host], chroma: ChromaRun):
    first, second = hosts
    first.start()
    second.start()

    async def overtaken(desk: Administration, shared: SharedIndex) -> None:
        async with shared.acting():  # meanwhile, between the taking and the publishing
            await asyncio.to_thread(second.promote, await asyncio.to_thread(lambda: second.propose().number))

    with pytest.raises(ProposalOvertaken, match="Another host"):
        first.act(overtaken)
    assert first.serving() == second.serving()
    assert first.serving()[0] == 2
    assert len(chroma.collections()) == 2


def test_two_that_start_at_once_end_with_one_index(hosts: tuple[Host, Host]):
    first, second = hosts
    for host in hosts:  # both found nothing
        host.index.open(TODAY, silent, lambda _sentence: None).close()
    for host in hosts:
        host.act(lambda _, shared: shared.publish_first())
    assert first.serving() == second.serving()


def test_it_answers_as_an_embedded_one_does(hosts: tuple[Host, Host], tmp_path: Path):
    served, _ = hosts
    embedded = Host(tmp_path / "embedded", tmp_path / "store", served.small, None, served.encoder)
    versions = [host.index.open(TODAY, silent, lambda _sentence: None) for host in (served, embedded)]
    assert [version.manifest.collection is None for version in versions] == [False, True]
    bots = [Bot(version, served.encoder, lambda: TODAY) for version in versions]
    for text in (MONDAYS, "TEC-01 hurts on fridays", "something else entirely"):
        one, other = (bot.triage(Message(text)) for bot in bots)
        assert [(b.id, round(b.probability, 4)) for b in one.ranking.barriers] == [
            (b.id, round(b.probability, 4)) for b in other.ranking.barriers
        ]
        assert [hit.id for hit in one.hits[:5]] == [hit.id for hit in other.hits[:5]]
    for version in versions:
        version.close()


def test_a_home_that_is_given_a_server_or_loses_it_builds_anew(hosts: tuple[Host, Host]):
    host, _ = hosts
    said: list[str] = []
    server, host.server = host.server, None
    host.index.open(TODAY, silent, said.append).close()
    host.server = server
    host.index.open(TODAY, silent, said.append).close()
    assert "keeps its vectors elsewhere" in said[-1]
    host.server = None
    with pytest.raises(IndexDamaged, match="CHROMA_URL names none"):
        _ = host.index.versions.open_current().vectors


def test_documents_are_on_the_server_and_go_with_their_version(
    hosts: tuple[Host, Host], chroma: ChromaRun, tmp_path: Path
):
    first, second = hosts
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "monday.md").write_text(
        f"# Mondays\n{MONDAYS}, every week again, and nobody knows why.", encoding="utf-8"
    )
    sources = DocumentSources(first.home, None)
    sources.add(folder)
    sources.link("handbook/monday.md", ["ORG-01"])
    first.start()
    first.promote(first.propose().number)
    second.take()
    version = second.index.versions.open_current()
    bot = Bot(version, second.encoder, lambda: TODAY)
    guidance = bot.reply(Message(MONDAYS, picked="ORG-01"), SHELL, bot.documents).guidance
    assert guidance is not None
    assert [document.id for document in guidance.documents] == ["handbook/monday.md"]
    assert version.manifest.collection is not None
    assert documents_of(version.manifest.collection) in chroma.collections()
    chroma.kill()
    again = bot.reply(Message(MONDAYS, picked="ORG-01"), SHELL, bot.documents).guidance
    assert again == guidance, "what was loaded goes on"
    other = bot.reply(Message(MONDAYS, picked="TEC-01"), SHELL, bot.documents).guidance
    assert other is not None
    assert other.documents == ()


def test_a_server_that_is_away_stops_a_build_and_nothing_else(hosts: tuple[Host, Host], chroma: ChromaRun):
    host, _ = hosts
    host.start()
    version = host.index.versions.open_current()
    bot = Bot(version, host.encoder, lambda: TODAY)
    before = bot.triage(Message(MONDAYS)).ranking
    chroma.kill()
    assert bot.triage(Message(MONDAYS)).ranking == before
    with pytest.raises(ChromaUnavailable, match="cannot be used"):
        host.propose()
    assert not [entry for entry in (host.home / "index").iterdir() if entry.name.startswith((".building", "candidate"))]
    chroma.start()
    assert host.propose().number == 2


def test_a_build_that_fails_leaves_nothing_on_the_server(
    hosts: tuple[Host, Host], chroma: ChromaRun, monkeypatch: pytest.MonkeyPatch
):
    host, _ = hosts
    host.start()
    monkeypatch.setattr("bot.index.build._Building.verify", _fails)
    with pytest.raises(TriageError):
        host.propose()
    assert len(chroma.collections()) == 1


def _fails(_self: object) -> None:
    raise EncoderUnavailable("recording", "it fails")


def test_what_a_build_that_was_killed_left_is_removed_after_a_day(
    hosts: tuple[Host, Host], chroma: ChromaRun, monkeypatch: pytest.MonkeyPatch
):
    host, _ = hosts
    host.start()
    now = int(time.time())
    for name in (
        f"triage-9-{now - 90_000}-0abc",
        f"triage-9-{now - 90_000}-0abc-documents",
        f"triage-9-{now}-0abc",
        "other",
    ):
        host.index.versions.server._client.create_collection(name, embedding_function=None)  # type: ignore[union-attr]
    host.propose()
    host.act(lambda desk, _: desk.discard(ANA))
    left = {name for name in chroma.collections() if "-9-" in name or name == "other"}
    assert left == {f"triage-9-{now}-0abc", "other"}
    assert sharing.STRAY_AFTER_S == 86_400


def test_a_token_and_an_authority_of_ones_own(chroma: ChromaRun, tmp_path: Path, encoder):
    certificate, key = write_certificate(tmp_path)
    small = write_small(tmp_path / "knowledge")
    with guarded(chroma.port, "open-sesame", certificate, key) as url:
        for server, works in (
            (ChromaServer(url, "open-sesame", certificate), True),
            (ChromaServer(url, "wrong", certificate), False),
            (ChromaServer(url, None, certificate), False),
            (ChromaServer(url, "open-sesame"), False),
        ):
            assert server.is_up() is works
            assert "open-sesame" not in repr(server)
            host = Host(tmp_path / "home", tmp_path / "store", small, server, RecordingEncoder(encoder, "recording"))
            if works:
                host.start()
                assert host.serving()[0] == 1
                continue
            with pytest.raises(ChromaUnavailable) as refused:
                server.names()
            assert "sesame" not in str(refused.value)


def test_what_somebody_took_from_the_server_is_built_again(hosts: tuple[Host, Host], chroma: ChromaRun):
    host, _ = hosts
    host.start()
    for name in chroma.collections():
        chroma.server.remove(name)
    with pytest.raises(IndexDamaged, match="does not hold its vectors"):
        _ = host.index.versions.open_current().vectors
    said: list[str] = []
    host.index.open(TODAY, silent, said.append).close()
    assert "does not hold its vectors" in said[0]
    assert host.serving()[0] == 2
