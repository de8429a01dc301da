"""Environment and `.env` -> Settings, read once and frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsInvalid, did_you_mean

ENV_FILE = Path(".env")
PREFIX = "TRIAGE_"


class Settings(BaseSettings):
    """A field's name is its variable's name. Other programs' keys are left alone."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_ignore_empty=True,  # TRIAGE_HOME= would be the current folder
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a token must not reach a log
    )

    triage_home: Path = Field(
        default_factory=lambda: user_data_path("mlops-triage"), description="where the index and its cache are kept"
    )
    triage_embeddings: str | None = Field(
        default=None,
        pattern=r"^[a-z_]+:.+$",
        description="provider:model of a LangChain embedding in the built-in encoder's place",
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="xoxb-…, of the one workspace that is served")
    slack_signing_secret: SecretStr | None = Field(default=None, description="what Slack signs its requests with")
    slack_api_base_url: str = Field(
        default="https://slack.com/api/", pattern=r"^https?://.+/api/$", description="where Slack's Web API is"
    )
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://… in the place of SQLite in TRIAGE_HOME"
    )
    port: int = Field(default=3000, ge=0, le=65535, description="what `triage serve` listens on")
    triage_host: str = Field(default="127.0.0.1", description="the address that `triage serve` binds")
    triage_metrics_port: int | None = Field(default=None, ge=1, le=65535, description="a port for Prometheus' metrics")
    triage_retention_days: int = Field(default=90, ge=1, description="how long message texts are kept")
    triage_log: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what is logged")
    triage_tracing: bool = Field(default=False, description="let LangSmith tracing follow its own variables")

    @field_validator("triage_home")
    @classmethod
    def _home_of_the_user(cls, home: Path) -> Path:
        return home.expanduser()


def load_settings() -> Settings:
    """Raises SettingsInvalid, which names the key, what is wrong with it and the nearest one."""
    _refuse_unknown(os.environ, "the environment")
    try:
        if ENV_FILE.is_file():
            _refuse_unknown(dotenv_values(ENV_FILE), str(ENV_FILE))
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{ENV_FILE} cannot be read: {type(error).__name__}. Save it as UTF-8 text.") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = str(first["loc"][0]).upper()
        raise SettingsInvalid(f"{key} has a wrong value: {first['msg']}.") from error


def _refuse_unknown(keys: Mapping[str, str | None], where: str) -> None:
    known = [name.upper() for name in Settings.model_fields]
    for key in sorted(keys):
        if key.upper().startswith(PREFIX) and key.upper() not in known:
            way_out = (
                did_you_mean(key.upper(), known) or f"; known are {', '.join(n for n in known if n.startswith(PREFIX))}"
            )
            raise SettingsInvalid(f"{key} in {where} is no setting{way_out}")
