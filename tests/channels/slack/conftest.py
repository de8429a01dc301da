from __future__ import annotations

from tests.scenarios.conftest import running, slack

__all__ = ["running", "slack"]
