"""The settings class and `.env.example` say the same; wrong values are explained."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from bot.settings import Settings, SettingsError, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
ENTRY = re.compile(r"^# (?P<description>.+)\n(?:# )?(?P<key>FOOTNOTE_\w+)=(?P<value>.*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without `.env` and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(name)


def keys(model: type[BaseModel], prefix: str = "FOOTNOTE_") -> dict[str, tuple[str, str]]:
    """Every setting by its name in `.env`, with its description and its default as one would type it."""
    found: dict[str, tuple[str, str]] = {}
    for name, field in model.model_fields.items():
        key = f"{prefix}{name.upper()}"
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            found |= keys(type(default), f"{key}__")
        else:
            value = default.get_secret_value() if isinstance(default, SecretStr) else default
            found[key] = (field.description or "", "" if value is None else str(value))
    return found


def test_the_example_has_every_setting_with_its_line_and_its_default() -> None:
    example = {entry["key"]: (entry["description"], entry["value"]) for entry in ENTRY.finditer(EXAMPLE.read_text())}
    assert example == keys(Settings)
    assert all(description.endswith(".") for description, _ in example.values())


def test_the_example_works_as_it_is() -> None:
    defaults = load_settings()
    Path(".env").write_text(EXAMPLE.read_text())
    assert load_settings() == defaults


def test_the_example_works_with_every_line_in_force() -> None:
    defaults = load_settings()
    Path(".env").write_text(re.sub(r"^# (?=FOOTNOTE_)", "", EXAMPLE.read_text(), flags=re.MULTILINE))
    assert load_settings() == defaults


def test_nested_names_and_foreign_lines() -> None:
    Path(".env").write_text("FOOTNOTE_DISCORD__TOKEN=abc.def\nFOOTNOTE_DISCORD__QUEUE_SIZE=3\nOTHER_APP=1\n")
    settings = load_settings()
    assert settings.discord.token.get_secret_value() == "abc.def"
    assert settings.discord.queue_size == 3
    assert settings.discord.deadline_seconds == 120


def test_the_environment_wins_over_the_file_and_arguments_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("FOOTNOTE_NOTES=file\nFOOTNOTE_DATA=file\nFOOTNOTE_MODELS=file\n")
    monkeypatch.setenv("FOOTNOTE_NOTES", "environment")
    monkeypatch.setenv("FOOTNOTE_DATA", "environment")
    settings = load_settings(notes=Path("argument"), data=None)
    assert (settings.notes, settings.data, settings.models) == (Path("argument"), Path("environment"), Path("file"))


def test_home_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_NOTES", "~/notes")
    assert load_settings().notes == Path.home() / "notes"


def test_a_token_never_shows_and_loses_its_line_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_DISCORD__TOKEN", "hush-hush\n")
    settings = load_settings()
    assert settings.discord.token.get_secret_value() == "hush-hush"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FOOTNOTE_THREADS", "many"),
        ("FOOTNOTE_THREADS", "-1"),
        ("FOOTNOTE_LOG_LEVEL", "loud"),
        ("FOOTNOTE_GPU_LAYERS", "some"),
        ("FOOTNOTE_CONTEXT_TOKENS", "4000"),
        ("FOOTNOTE_KV_TYPE", "q2"),
        ("FOOTNOTE_WRITER__ENDPOINT", "my-server:8080"),
        ("FOOTNOTE_WRITER__ENDPOINT", "http://localhost:77777/v1"),
        ("FOOTNOTE_WRITER__ENDPOINT", "http://[::1/v1"),
        ("FOOTNOTE_WRITER__API_KEY", "schlüssel"),
        ("FOOTNOTE_WRITER__API_KEY", "two\nlines"),
        ("FOOTNOTE_WRITER__TIMEOUT_SECONDS", "0"),
        ("FOOTNOTE_DISCORD__GUILD_ID", "my server"),
        ("FOOTNOTE_DISCORD__API_BASE", "http://discord.example/api"),
        ("FOOTNOTE_DISCORD__GATEWAY", "ws://192.168.1.2/"),
        ("FOOTNOTE_DISCORD__DEADLINE_SECONDS", "0"),
    ],
)
def test_a_wrong_value_is_explained_by_its_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} does not work: .+[.] Mend it") as caught:
        load_settings()
    assert value not in str(caught.value).removeprefix(name) or value in "0-1"


def test_a_file_that_is_no_text_is_explained() -> None:
    Path(".env").write_bytes(b"FOOTNOTE_THREADS=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"Mend \.env"):
        load_settings()


def test_a_wrong_choice_of_answers_names_the_three(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().answers == "balanced"
    monkeypatch.setenv("FOOTNOTE_ANSWERS", "bold")
    with pytest.raises(SettingsError, match=r"FOOTNOTE_ANSWERS .+'cautious', 'balanced' or 'generous'"):
        load_settings()
