"""Settings -> parts: which encoder, which index, and the bot on both."""

from __future__ import annotations

from bot.bot import Bot, Today
from bot.documents import DocumentLibrary, DocumentSources
from bot.index.build import Progress
from bot.index.index import Index, Notify
from bot.index.version import IndexVersion
from bot.index.version_store import LOCK_WAIT_S, VersionStore
from bot.retrieval.chroma import ChromaServer
from bot.retrieval.encoder import PACKAGED_ENCODER, Encoder, OnnxEncoder
from bot.sentences import shortened
from bot.settings import Settings


def build(settings: Settings, today: Today, progress: Progress, notify: Notify) -> Bot:
    """Open the index (building it on the first run) and wire the bot.

    Raises IndexBusy, HomeUnwritable, KnowledgeInvalid, EncoderUnavailable.
    """
    encoder = encoder_of(settings)
    index = open_index(settings, encoder)
    version = index.open(today(), progress, notify)
    tell_what_changed(index, version, notify)
    return Bot(version, encoder, today)


def tell_what_changed(index: Index, version: IndexVersion, notify: Notify) -> None:
    """Tell the person who waits that the knowledge files are ahead of what serves."""
    if changed := index.changed_since(version):
        notify(f"Changed since index {version.number} was built: {shortened(changed)}. Run: triage index refresh")
    if index.lacks_documents(version):
        notify(f"Your own documents are not in index {version.number} yet. Run: triage index refresh")


def open_index(settings: Settings, encoder: Encoder, lock_wait_s: float = LOCK_WAIT_S) -> Index:
    """Return the index of these settings, without opening a version of it. `lock_wait_s`: for who builds already."""
    library = DocumentLibrary(sources_of(settings), settings.triage_home / "cache" / "documents.sqlite")
    return Index(
        settings.triage_home, settings.knowledge, encoder, library, server=server_of(settings), lock_wait_s=lock_wait_s
    )


def sources_of(settings: Settings) -> DocumentSources:
    """Return the folders of documents of these settings."""
    return DocumentSources(settings.triage_home, settings.triage_documents)


def versions_of(settings: Settings) -> VersionStore:
    """Return where the versions of these settings stand."""
    return VersionStore(settings.triage_home, server_of(settings))


def server_of(settings: Settings) -> ChromaServer | None:
    """Return the Chroma server of these settings, without asking it anything; None where vectors stand in the home."""
    if settings.chroma_url is None:
        return None
    token = settings.chroma_token.get_secret_value() if settings.chroma_token else None
    return ChromaServer(settings.chroma_url, token, settings.chroma_ca)


def encoder_of(settings: Settings) -> Encoder:
    """Return the one that the wheel carries, or one of LangChain's."""
    if settings.triage_embeddings is None:
        return OnnxEncoder(PACKAGED_ENCODER)
    from bot.retrieval.langchain import LangChainEncoder

    return LangChainEncoder(settings.triage_embeddings)
