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
        ("TRIAGE_ZZZZZZZZ", "known are TRIAGE_HOME, TRIAGE_EMBEDDINGS, "),
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


def test_other_programs_keys_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TRIAGER_HOME", "x")
    monkeypatch.setenv("SLACK_ANYTHING", "x")
    write_env("DATABASE_URI=postgres://u:p@h/d\nNOT_TRIAGE_HOME=x\n")
    assert load_settings().triage_embeddings is None


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
