"""Data that the wheel carries and a source checkout has in a place of its own."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def carried(name: str, in_checkout: str) -> Path:
    """Return the folder in the wheel; where there is none, the one of the checkout, from its top."""
    folder = PACKAGE / "packaged" / name
    return folder if folder.is_dir() else PACKAGE.parent / in_checkout
