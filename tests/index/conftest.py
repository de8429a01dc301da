from __future__ import annotations

from tests.index.desk import desk, original

__all__ = ["desk", "original"]
