"""Folders of documents: the one of the settings, and those that an admin added."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from bot.documents.audience import Audience
from bot.errors import DocumentsMissing, DocumentSourceInvalid, DocumentSourceUnknown, HomeUnwritable

FILE = "documents.json"
OF_THE_SETTINGS = "documents"
"""The name of the folder that TRIAGE_DOCUMENTS names."""

Name = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,60}$")]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>|]{1,500}$")]
Barriers = dict[str, tuple[str, ...]]


class DocumentSource(BaseModel):
    """A folder. `link`: the address that a document's path is put behind, where people can open it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    folder: Path
    link: Link | None = None
    audience: Audience = Audience()


class _Registry(BaseModel):
    """`links`: the barriers that an admin says a document helps with, by its id, in the place of what we think."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[DocumentSource, ...] = ()
    links: Barriers = {}


class DocumentSources:
    """What is indexed beside the knowledge: kept in `<home>/documents.json`, and `folder` of the settings."""

    def __init__(self, home: Path, folder: Path | None) -> None:
        self._file = home / FILE
        self._folder = folder

    def __bool__(self) -> bool:
        """Tell whether there are any, without reading what they are."""
        return self._folder is not None or self._file.exists()

    def all(self) -> tuple[DocumentSource, ...]:
        """Raises DocumentSourceInvalid where the file was altered."""
        added = self._read().sources
        if self._folder is None or any(source.folder == self._folder.absolute() for source in added):
            return added
        return (DocumentSource(name=OF_THE_SETTINGS, folder=self._folder.absolute()), *added)

    def links(self) -> Barriers:
        """Return what an admin said about documents, by their ids. Raises DocumentSourceInvalid."""
        return self._read().links

    def add(
        self, folder: Path, *, name: str | None = None, link: str | None = None, workspaces: Sequence[str] = (),
        channels: Sequence[str] = (),
    ) -> DocumentSource:  # fmt: skip
        """Add a folder, or say anew who may read one that was added. Raises DocumentsMissing, DocumentSourceInvalid."""
        folder = folder.expanduser().absolute()
        if not folder.is_dir():
            raise DocumentsMissing(folder)
        registry = self._read()
        known = next((source.name for source in registry.sources if source.folder == folder), None)
        try:
            audience = Audience(workspaces=tuple(workspaces), channels=tuple(channels))
            source = DocumentSource(name=name or known or folder.name, folder=folder, link=link, audience=audience)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False)[0]
            raise DocumentSourceInvalid(_named(wrong["loc"])) from error
        others = [each for each in registry.sources if each.folder != folder]
        if source.name in {OF_THE_SETTINGS, *(each.name for each in others)}:
            raise DocumentSourceInvalid(f'the name "{source.name}" is taken; give another one with --name')
        self._write(registry.model_copy(update={"sources": (*others, source)}))
        return source

    def remove(self, name: str) -> DocumentSource:
        """Forget a folder; its documents go with the next refresh. Raises DocumentSourceUnknown."""
        registry = self._read()
        gone = next((source for source in registry.sources if source.name == name), None)
        if gone is None:
            raise DocumentSourceUnknown(name, [source.name for source in registry.sources])
        kept = tuple(source for source in registry.sources if source is not gone)
        links = {id: barriers for id, barriers in registry.links.items() if not id.startswith(f"{name}/")}
        self._write(_Registry(sources=kept, links=links))
        return gone

    def link(self, document: str, barriers: Sequence[str]) -> None:
        """Say which barriers a document helps with, from the next refresh on; none, where it helps with none."""
        registry = self._read()
        links = registry.links | {document: tuple(barriers)}
        self._write(registry.model_copy(update={"links": links}))

    def _read(self) -> _Registry:
        try:
            return _Registry.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return _Registry()
        except (OSError, ValidationError) as error:
            raise DocumentSourceInvalid(f"{self._file} cannot be read; mend it, or remove it and add anew") from error

    def _write(self, registry: _Registry) -> None:
        beside = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(registry.model_dump_json(indent=1), encoding="utf-8")
            os.replace(beside, self._file)
        except OSError as error:
            raise HomeUnwritable(self._file.parent, error.strerror or str(error)) from error


def _named(place: tuple[int | str, ...]) -> str:
    wanted = {
        "link": "--link must be an address such as https://wiki.example.org/handbook/",
        "name": "--name must be letters, digits, dots and dashes, 60 at most",
    }
    return wanted.get(str(place[0]), f"--{str(place[0]).removesuffix('s')} must be an id without spaces")
