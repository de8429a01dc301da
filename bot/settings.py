"""Environment and `.env` -> Settings, read once and frozen."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import SettingsInvalid
from bot.knowledge import packaged_knowledge
from bot.sentences import did_you_mean
from bot.telemetry import switch_off_tracing

ENV_FILE = Path(".env")
PREFIX = "TRIAGE_"
READ_ALWAYS = (PREFIX, "CHROMA_")
"""What a wrong value of is told whatever is run: everything that opens an index reads them."""
NEWLINE = "\n"


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
    triage_knowledge: Path | None = Field(
        default=None, description="a folder of your own barriers, laid over the project's knowledge"
    )
    triage_documents: Path | None = Field(
        default=None, description="a folder of your own documents, cited beside the project's advice"
    )
    triage_embeddings: str | None = Field(
        default=None,
        examples=["openai:text-embedding-3-small"],
        pattern=r"^[a-z_]+:.+$",
        description="provider:model of a LangChain embedding in the built-in encoder's place",
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="xoxb-…, of the one workspace that is served")
    slack_signing_secret: SecretStr | None = Field(default=None, description="what Slack signs its requests with")
    slack_api_base_url: str = Field(
        default="https://slack.com/api/",
        pattern=r"^https?://.+/api/$",
        examples=["https://slack.com/api/"],
        description="where Slack's Web API is",
    )
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://… in the place of SQLite in TRIAGE_HOME"
    )
    chroma_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/@\s]+/?$",
        examples=["https://chroma.example.org:8000"],
        description="a Chroma server that keeps the vectors, in the place of TRIAGE_HOME",
    )
    chroma_token: SecretStr | None = Field(default=None, description="what it is sent as bearer token")
    chroma_ca: Path | None = Field(default=None, description="a file with the authority behind its certificate")
    port: int = Field(default=3000, ge=0, le=65535, description="what `triage serve` listens on")
    triage_host: str = Field(default="127.0.0.1", description="the address that `triage serve` binds")
    triage_metrics_port: int | None = Field(default=None, ge=1, le=65535, description="a port for Prometheus' metrics")
    triage_admins: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        examples=["U012AB3CD,U045EF6GH"],
        description="ids of people who may refresh the index, beside the workspace's own admins and owners",
    )
    triage_retention_days: int = Field(default=90, ge=1, description="how long message texts are kept")
    triage_log: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what is logged")
    triage_tracing: bool = Field(default=False, description="let LangSmith tracing follow its own variables")

    @field_validator("triage_home", "triage_knowledge", "triage_documents")
    @classmethod
    def _home_of_the_user(cls, folder: Path | None) -> Path | None:
        return folder.expanduser() if folder else None

    @field_validator("triage_admins", mode="before")
    @classmethod
    def _listed(cls, ids: object) -> object:
        return frozenset(re.split(r"[\s,]+", ids.strip())) - {""} if isinstance(ids, str) else ids

    @property
    def knowledge(self) -> Path:
        """The folder that is indexed."""
        return self.triage_knowledge or packaged_knowledge()


def load_settings(*, serving: bool = False) -> Settings:
    """Read the settings, and switch LangSmith's tracing off in this process and its children unless they ask for it.

    Keys that other programs use, too (PORT, DATABASE_URL), may be wrong unless `serving`: nothing else reads them.
    Raises SettingsInvalid, which names the key, what is wrong with it and the nearest one.
    """
    _refuse_unknown(os.environ, "the environment")
    try:
        if ENV_FILE.is_file():
            _refuse_broken_lines(ENV_FILE)
            _refuse_unknown(dotenv_values(ENV_FILE), str(ENV_FILE))
        settings = _settings(serving)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{ENV_FILE} cannot be read: {type(error).__name__}. Save it as UTF-8 text.") from error
    if not settings.triage_tracing:
        switch_off_tracing()
    return settings


def _settings(serving: bool) -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = [str(each["loc"][0]) for each in error.errors(include_url=False, include_input=False)]
        ours = [name for name in wrong if serving or name.upper().startswith(READ_ALWAYS)]
        if ours:
            raise SettingsInvalid(f"{ours[0].upper()} has a wrong value: it must be {_wanted(ours[0])}.") from error
        unread: dict[str, Any] = {name: Settings.model_fields[name].get_default() for name in wrong}
        return Settings(**unread)


def _wanted(name: str) -> str:
    """Tell what a setting takes, in words."""
    field = Settings.model_fields[name]
    limits = {type(limit).__name__: getattr(limit, type(limit).__name__.lower(), None) for limit in field.metadata}
    if field.examples:
        return f"such as {field.examples[0]}"
    if field.annotation is bool:
        return "true or false"
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(get_args(field.annotation))}"
    if "Le" in limits:
        return f"a whole number from {limits['Ge']} to {limits['Le']}"
    return f"a whole number from {limits['Ge']} on" if "Ge" in limits else "text"


def _refuse_broken_lines(file: Path) -> None:
    """python-dotenv leaves out what it cannot read, and a setting on such a line with it."""
    with file.open(encoding="utf-8") as lines:
        for binding in parse_stream(lines):
            text = binding.original.string  # with the blank lines before it
            where = f"{file}:{binding.original.line + text[: len(text) - len(text.lstrip())].count(NEWLINE)}"
            if binding.error:
                raise SettingsInvalid(f"{where} cannot be read. Write KEY=value, with a quote at both ends or at none.")
            if binding.value is None and binding.key and binding.key.lower() in Settings.model_fields:
                raise SettingsInvalid(f"{where}: {binding.key} has no value. Write {binding.key}=… or remove it.")


def _refuse_unknown(keys: Mapping[str, str | None], where: str) -> None:
    known = [name.upper() for name in Settings.model_fields]
    for key in sorted(keys):
        if key.upper().startswith(PREFIX) and key.upper() not in known:
            way_out = (
                did_you_mean(key.upper(), known) or f"; known are {', '.join(n for n in known if n.startswith(PREFIX))}"
            )
            raise SettingsInvalid(f"{key} in {where} is no setting{way_out}")


def described() -> list[tuple[str, str]]:
    """Return every setting by its variable's name, with what it is, for the help."""
    return [(name.upper(), field.description or "") for name, field in Settings.model_fields.items()]
