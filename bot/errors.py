"""What people can be told. Code catches the class, people read the sentence; anything else is a bug.

TriageError
├── KnowledgeMissing   there is no knowledge folder here
├── KnowledgeUnwritable a knowledge folder takes no files
├── KnowledgeInvalid   files in it are wrong, each problem at its line
├── ThemeUnknown       a theme was named that the knowledge does not have
├── BarrierUnknown     a barrier was named that the knowledge does not have
├── IndexMissing       nothing was built yet
├── IndexDamaged       a built index is cut short or altered
├── VersionUnknown     a version was named that does not stand there
├── CandidateUnknown   no candidate waits, or not the one that was named
├── ProposalStale      a candidate was compared with a version that no longer serves
├── ProposalOvertaken  another host changed the index meanwhile
├── GateClosed         a candidate loses too much to be promoted without a reason
├── ReasonTooShort     a reason was asked for, and a word was given
├── IndexBusy          another process holds the right to build
├── HomeUnwritable     TRIAGE_HOME takes no files: permissions, a full disk
├── ChromaUnavailable  the Chroma server of CHROMA_URL does not answer
├── EncoderUnavailable the embedding of TRIAGE_EMBEDDINGS does not answer
├── SettingsInvalid    a setting is unknown or has a wrong value
├── MessageUnreadable  a message is empty or too long
├── DocumentsMissing   a folder of documents is not there
├── GapUnknown         a gap was named that is not in the list
├── DocumentUnknown    a document was named that is in no folder
├── DocumentSourceUnknown a folder of documents was named that was not added
├── DocumentSourceInvalid what was said of a folder of documents is wrong
├── StoreUnavailable   the database does not answer or is misnamed
├── StoreNewer         the database was written by a later release
├── ChannelRefused     a platform refuses the token, or the kind of installation
├── PortTaken          another program listens where we should
└── LabelledSetInvalid a file of labelled messages cannot be read
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.sentences import counted, did_you_mean


class TriageError(Exception):
    """Caught in two places only: the command line and the channel."""

    def __reduce__(self) -> tuple[object, ...]:
        # Ours are made of other things than their sentence, and must pass from one process to another.
        return _restored, (type(self), str(self)), self.__dict__


def _restored(kind: type[TriageError], sentence: str) -> TriageError:
    error = kind.__new__(kind)
    error.args = (sentence,)
    return error


class KnowledgeMissing(TriageError):
    def __init__(self, folder: Path) -> None:
        way_out = "Name a folder that exists; if none was named, install mlops-triage again."
        super().__init__(f"No knowledge folder at {folder}. {way_out}")
        self.folder = folder


class KnowledgeUnwritable(TriageError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"Cannot write to {folder}: {reason}. Name a knowledge folder of your own. Nothing was changed."
        )
        self.folder = folder


class KnowledgeInvalid(TriageError):
    """`problems` are printed, a line each; `files` is how many were read."""

    def __init__(self, problems: Sequence[object], files: int) -> None:
        total = f"{counted(len(problems), 'problem')} in {counted(files, 'file')}."
        self.problems = tuple(map(str, problems))
        super().__init__("\n".join([*self.problems, f"{total} The current index is unchanged."]))
        self.files = files


class ThemeUnknown(TriageError):
    def __init__(self, theme: str, themes: Sequence[str]) -> None:
        way_out = did_you_mean(theme, themes) or f"; use one of: {', '.join(themes)}"
        super().__init__(f'theme "{theme}" is unknown{way_out}')
        self.theme = theme


class BarrierUnknown(TriageError):
    def __init__(self, barrier: str, barriers: Sequence[str]) -> None:
        super().__init__(f'barrier "{barrier}" is unknown{did_you_mean(barrier, barriers)}')
        self.barrier = barrier


class IndexMissing(TriageError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"No knowledge index in {folder}. Build one: triage index refresh")
        self.folder = folder


class IndexDamaged(TriageError):
    def __init__(self, folder: Path, what: str) -> None:
        super().__init__(f"The index in {folder} is damaged: {what}. Build it again: triage index refresh")
        self.folder = folder
        self.what = what


class VersionUnknown(TriageError):
    """`number` is None where there is nothing to go back to."""

    def __init__(self, number: int | None, kept: Sequence[int]) -> None:
        what = f"There is no index {number} here" if number is not None else "No index served before this one"
        there = f"; kept: {', '.join(map(str, kept))}, to be named to go to" if kept else ""
        super().__init__(f"{what}{there}. Nothing was changed.")
        self.number = number


class CandidateUnknown(TriageError):
    def __init__(self, number: int | None, candidate: int | None) -> None:
        what = "No index waits to be promoted or discarded" if number is None else f"Index {number} does not wait"
        there = f"; index {candidate} does" if candidate is not None else ""
        super().__init__(f"{what}{there}. Build one: triage index refresh")
        self.number = number


class ProposalStale(TriageError):
    def __init__(self, number: int, base: int | None, current: int | None) -> None:
        super().__init__(
            f"Index {number} was compared with index {base}, but {current} serves now. Refresh again to compare."
        )
        self.number = number


class ProposalOvertaken(TriageError):
    def __init__(self, number: int | None) -> None:
        what = f"index {number} is theirs" if number is not None else "theirs counts"
        super().__init__(f"Another host changed the index meanwhile: {what}. Nothing was done here; refresh again.")
        self.number = number


class GateClosed(TriageError):
    """`losses` are sentences, each with the figures."""

    def __init__(self, number: int, losses: Sequence[str]) -> None:
        super().__init__(
            f"Index {number} loses more than the gate lets through: {'; '.join(losses)}. It does not serve."
        )
        self.number = number
        self.losses = tuple(losses)


class ReasonTooShort(TriageError):
    def __init__(self, least: int) -> None:
        super().__init__(f"The reason is kept for others to read: give one of at least {least} characters.")


class IndexBusy(TriageError):
    def __init__(self, folder: Path, holder: str, waited_s: float) -> None:
        super().__init__(
            f"The index in {folder} is being built by {holder}; waited {waited_s:.0f} s. Try again when it is done."
        )
        self.holder = holder


class HomeUnwritable(TriageError):
    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"Cannot write to {folder}: {reason}. Make room or set TRIAGE_HOME to a folder that takes files. "
            "What was there is unchanged."
        )
        self.folder = folder


class ChromaUnavailable(TriageError):
    def __init__(self, url: str, reason: str) -> None:
        way_out = "Mend CHROMA_URL or CHROMA_TOKEN, or unset CHROMA_URL to keep the index in TRIAGE_HOME."
        super().__init__(f"The Chroma server {url} cannot be used: {reason}. {way_out}")
        self.url = url


class EncoderUnavailable(TriageError):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"The embedding {name} cannot be used: {reason}. Mend TRIAGE_EMBEDDINGS, or unset it for the built-in one."
        )
        self.name = name


class SettingsInvalid(TriageError):
    """Bad usage: the command line ends with 2."""


class MessageUnreadable(TriageError):
    """Bad usage: the message is empty or too long."""


class DocumentsMissing(TriageError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"No folder of documents at {folder}. Name one that is there, or take it out: "
            "triage index documents remove. The current index is unchanged."
        )
        self.folder = folder


class GapUnknown(TriageError):
    def __init__(self, key: str, keys: Sequence[str]) -> None:
        known = did_you_mean(key, keys) or (f"; there are: {', '.join(keys)}" if keys else "; there is none")
        super().__init__(f'gap "{key}" is unknown{known}. See: triage gaps')
        self.key = key


class DocumentUnknown(TriageError):
    def __init__(self, document: str, documents: Sequence[str]) -> None:
        super().__init__(f'document "{document}" is unknown{did_you_mean(document, documents)}')
        self.document = document


class DocumentSourceUnknown(TriageError):
    def __init__(self, name: str, names: Sequence[str]) -> None:
        known = did_you_mean(name, names) or (f"; added were: {', '.join(names)}" if names else "; none was added")
        super().__init__(f'No folder of documents has the name "{name}"{known}')
        self.name = name


class DocumentSourceInvalid(TriageError):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what[:1].upper()}{what[1:]}. Nothing was changed.")


class StoreUnavailable(TriageError):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The store {name} cannot be used: {reason}. Mend DATABASE_URL, or unset it for SQLite.")
        self.name = name


class StoreNewer(TriageError):
    def __init__(self, name: str, revision: str) -> None:
        super().__init__(
            f"The store {name} was written by a later release (revision {revision}). Install that release again; "
            "nothing was changed."
        )
        self.revision = revision


class ChannelRefused(TriageError):
    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"{channel} refuses this bot: {reason}")
        self.channel = channel


class PortTaken(TriageError):
    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"Cannot listen on {host}:{port}: {reason}. Set PORT to a free one.")
        self.port = port


class LabelledSetInvalid(TriageError):
    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path}:{line}: {what}")
