from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsInvalid
from bot.settings import load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for key in ("TRIAGE_HOME", "TRIAGE_EMBEDDINGS", "TRIAGE_TRACING"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.chdir(tmp_path)


def write_env(content: str):
    Path(".env").write_text(content, encoding="utf-8")


@pytest.mark.parametrize("in_file", [False, True], ids=["environment", ".env"])
@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("TRIAGE_HOMR", 'did you mean "TRIAGE_HOME"?'),
        ("TRIAGE_EMBEDDING", 'did you mean "TRIAGE_EMBEDDINGS"?'),
        ("triage_embeding", 'did you mean "TRIAGE_EMBEDDINGS"?'),
        ("TRIAGE_ZZZZZZZZ", "known are TRIAGE_HOME, TRIAGE_KNOWLEDGE, "),
    ],
)
def test_an_unknown_key_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch, in_file: bool, key: str, says: str):
    if in_file:
        write_env(f"{key}=s3cret-value\n")
    else:
        monkeypatch.setenv(key, "s3cret-value")
    with pytest.raises(SettingsInvalid) as error:
        load_settings()
    assert key in str(error.value)
    assert ("in .env" if in_file else "in the environment") in str(error.value)
    assert says in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "value"), [("TRIAGE_EMBEDDINGS", "s3cret without colon"), ("TRIAGE_TRACING", "s3cret-ish")]
)
@pytest.mark.parametrize("in_file", [False, True], ids=["environment", ".env"])
def test_a_wrong_value_is_named_by_its_key_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, in_file: bool, key: str, value: str
):
    if in_file:
        write_env(f'{key}="{value}"\n')
    else:
        monkeypatch.setenv(key, value)
    with pytest.raises(SettingsInvalid, match=f"{key} has a wrong value") as error:
        load_settings()
    assert "\n" not in str(error.value)
    assert "s3cret" not in str(error.value)
    assert "s3cret" not in str(error.value.__cause__)


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("PORT", "abc", "a whole number from 0 to 65535"),
        ("TRIAGE_RETENTION_DAYS", "0", "a whole number from 1 on"),
        ("TRIAGE_LOG", "loud", "one of debug, info, warning, error"),
        ("TRIAGE_TRACING", "perhaps", "true or false"),
        ("TRIAGE_EMBEDDINGS", "openai", "such as openai:text-embedding-3-small"),
    ],
)
def test_what_a_setting_takes_is_told_in_our_words(monkeypatch: pytest.MonkeyPatch, key: str, value: str, wanted: str):
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsInvalid) as error:
        load_settings(serving=True)
    assert str(error.value) == f"{key} has a wrong value: it must be {wanted}."


def test_a_port_of_another_program_stops_serve_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "abc")
    monkeypatch.setenv("TRIAGE_HOME", "/somewhere")
    settings = load_settings()
    assert (settings.port, settings.triage_home) == (3000, Path("/somewhere"))
    monkeypatch.setenv("TRIAGE_LOG", "loud")
    with pytest.raises(SettingsInvalid, match="TRIAGE_LOG"):
        load_settings()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("A=1\nTRIAGE_HOME='/x\nB=2\n", ".env:2 cannot be read"),
        ("A=1\n\nTRIAGE HOME=/x\n", ".env:3 cannot be read"),
        ("TRIAGE_HOME\n", ".env:1: TRIAGE_HOME has no value"),
    ],
)
def test_a_broken_line_is_named_and_nothing_on_it_is_dropped_silently(content: str, says: str):
    write_env(content)
    with pytest.raises(SettingsInvalid) as error:
        load_settings()
    assert str(error.value).startswith(says)


def test_other_programs_keys_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRIAGER_HOME", "x")
    monkeypatch.setenv("SLACK_ANYTHING", "x")
    write_env("DATABASE_URI=postgres://u:p@h/d\nNOT_TRIAGE_HOME=x\n")
    assert load_settings().triage_embeddings is None


def test_a_wrong_chroma_server_is_told_by_whatever_opens_an_index(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CHROMA_URL", "ftp://chroma.example.org")
    with pytest.raises(SettingsInvalid, match="CHROMA_URL has a wrong value: it must be such as https://"):
        load_settings()


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch):
    write_env("TRIAGE_HOME=/from/file\nTRIAGE_TRACING=true\n")
    monkeypatch.setenv("TRIAGE_HOME", "/from/environment")
    settings = load_settings()
    assert settings.triage_home == Path("/from/environment")
    assert settings.triage_tracing is True


def test_an_empty_value_is_as_none(monkeypatch: pytest.MonkeyPatch):
    default = load_settings()
    monkeypatch.setenv("TRIAGE_HOME", "")
    monkeypatch.setenv("TRIAGE_EMBEDDINGS", "")
    assert load_settings() == default
    assert default.triage_home.is_absolute()


def test_settings_do_not_change():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().triage_tracing = True


@pytest.mark.parametrize(
    ("value", "ids"),
    [("U1", {"U1"}), ("U1,U2", {"U1", "U2"}), (" U1 ,\n U2, ", {"U1", "U2"}), (",", set()), ("", set())],
)
def test_admins_are_listed_by_their_ids(monkeypatch: pytest.MonkeyPatch, value: str, ids: set[str]):
    monkeypatch.setenv("TRIAGE_ADMINS", value)
    assert load_settings().triage_admins == ids
