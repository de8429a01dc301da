"""Who may read a document: everybody of the organisation, or the channels that an admin named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\S{1,200}$")]
"""As a platform names a workspace or a channel: `T012AB3CD`, `C012AB3CD`."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Where an answer is shown. `external`: someone of another organisation, or a guest, reads it too."""

    workspace: str
    channel: str
    external: bool


SHELL = Viewer("", "", external=False)
"""Who asks at a shell: what everybody of the organisation may read."""


class Audience(BaseModel):
    """Empty `channels`: everybody of the organisation, and nobody else. Empty `workspaces`: whichever it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspaces: tuple[Id, ...] = ()
    channels: tuple[Id, ...] = ()

    def includes(self, viewer: Viewer) -> bool:
        """Tell whether what this audience may read may be shown there. External eyes need their channel named."""
        if self.workspaces and viewer.workspace not in self.workspaces:
            return False
        return viewer.channel in self.channels if self.channels else not viewer.external

    def __str__(self) -> str:
        where = f"channels {', '.join(self.channels)}" if self.channels else "everybody of the organisation"
        return f"{where} in {', '.join(self.workspaces)}" if self.workspaces else where
