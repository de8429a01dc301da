from __future__ import annotations

from tests.standins.postgres import database_url, postgres, postgres_url

__all__ = ["database_url", "postgres", "postgres_url"]
