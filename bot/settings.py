"""What the owner can set, from the environment and `.env`. Built in an entry point, never at import.

Every field's description is its line in `.env.example`; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from rag.certainty import Answers
from rag.errors import FootnoteError

DEFAULT_API_BASE = "https://discord.com/api/v10"
DEFAULT_GATEWAY = "wss://gateway.discord.gg/"


class SettingsError(FootnoteError):
    """A setting in the environment or in `.env` cannot be used."""


class DiscordSettings(BaseModel):
    """How the bot reaches Discord."""

    token: SecretStr = Field(default=SecretStr(""), description="The bot's token, from the Developer Portal.")
    api_base: str = Field(default=DEFAULT_API_BASE, description="HTTP API to talk to.")
    gateway: str = Field(default=DEFAULT_GATEWAY, description="Gateway to connect to.")
    guild_id: int | None = Field(
        default=None, description="Register commands in this server only (instantly) instead of everywhere."
    )
    queue_size: int = Field(default=20, ge=1, le=1000, description="Questions that may wait at once.")
    deadline_seconds: float = Field(default=120, gt=0, description="Give up on a question after this long.")

    @field_validator("token", mode="after")
    @classmethod
    def strip_newline(cls, value: SecretStr) -> SecretStr:
        """A token pasted from a file often ends in a line break."""
        return SecretStr(value.get_secret_value().strip())


class Settings(BaseSettings):
    """All settings. Environment variables start with FOOTNOTE_; `__` separates nested names."""

    model_config = SettingsConfigDict(
        env_prefix="FOOTNOTE_",
        env_nested_delimiter="__",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    notes: Path = Field(default=Path("knowledge"), description="Folder with your notes.")
    data: Path = Field(default=Path(".data"), description="Folder for the index; can always be rebuilt.")
    models: Path = Field(default=Path("models"), description="Folder with the model files.")
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Threads for the models; 0 leaves one of three or more cores free.",
    )
    answers: Answers = Field(
        default="balanced",
        description="How readily to answer: cautious, balanced or generous; see what each does: footnote calibrate.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="How much to log; INFO shows ids and timings, never a question."
    )
    discord: DiscordSettings = Field(default_factory=DiscordSettings)

    @field_validator("notes", "data", "models", mode="after")
    @classmethod
    def expand_home(cls, value: Path) -> Path:
        """In `.env` no shell replaces the `~`."""
        return value.expanduser()


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401
    """The settings of the environment and `.env`; `overrides` that are not None win over both.

    Raises:
        SettingsError: one of them has no such value; the message names it as it is written in `.env`.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(_explain(error), remedy="Mend it in .env or in the environment.") from error
    except (UnreadableSetting, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings cannot be read: {error}.", remedy="Mend .env.") from error


def _explain(error: ValidationError) -> str:
    """Every wrong setting by its name in `.env`, with what is wrong about it but never its value."""
    return " ".join(
        f"FOOTNOTE_{'__'.join(map(str, item['loc'])).upper()} does not work: {item['msg']}."
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )
