"""An organisation's own documents: where they are, who may read them, what of them can be read."""

from bot.documents.audience import SHELL, Audience, Viewer
from bot.documents.library import Document, DocumentLibrary, Documents, Skipped
from bot.documents.passages import Passage
from bot.documents.sources import DocumentSource, DocumentSources

__all__ = [
    "SHELL",
    "Audience",
    "Document",
    "DocumentLibrary",
    "DocumentSource",
    "DocumentSources",
    "Documents",
    "Passage",
    "Skipped",
    "Viewer",
]
