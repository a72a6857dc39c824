"""What the owner can set, from the environment and `.env`. Built in an entry point, never at import.

Every field's description is its line in `.env.example`; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSetting

from bot.health.logs import LogFormat
from bot.private import is_guarded
from rag.collection import data_of, notes_of
from rag.errors import FootnoteError
from rag.models.memory import KvType
from rag.phrase import Phrase, listed
from rag.pipeline import Answers
from rag.writing.prompt import Length, Tone

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
    shards: int = Field(
        default=0, ge=0, le=1000, description="Connections to the gateway; 0: as many as Discord recommends."
    )
    queue_size: int = Field(default=20, ge=1, le=1000, description="Questions that may wait at once.")
    queue_per_person: int = Field(
        default=5, ge=1, le=1000, description="Questions of one person that may be under way at once."
    )
    queue_per_server: int = Field(
        default=15, ge=1, le=1000, description="Questions of one server that may be under way at once."
    )
    deadline_seconds: float = Field(default=120, gt=0, description="Give up on a question after this long.")
    thread_follow_ups: bool = Field(
        default=False,
        description="Answer follow-ups in a thread without a mention; needs the Message Content intent of the portal.",
    )
    retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days after which a question, and what hangs from it, is deleted."
    )

    @field_validator("token", mode="after")
    @classmethod
    def strip_newline(cls, value: SecretStr) -> SecretStr:
        """A token pasted from a file often ends in a line break."""
        return SecretStr(value.get_secret_value().strip())

    @field_validator("api_base", "gateway", mode="after")
    @classmethod
    def check_guarded(cls, value: str) -> str:
        """The token goes there."""
        if not is_guarded(value):
            raise ValueError("it has to be encrypted (https, wss), or on this machine")
        return value


class WriterSettings(BaseModel):
    """A server that writes instead of the local model."""

    endpoint: str = Field(
        default="",
        description="OpenAI-compatible server that writes, such as http://localhost:8080/v1; empty: the local model.",
    )
    model: str = Field(default="", description="What that server calls its model; empty: the first one it lists.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Key for that server, if it wants one.")
    timeout_seconds: float = Field(default=60, gt=0, description="Give up when it says nothing for this long.")

    @field_validator("endpoint", mode="after")
    @classmethod
    def check_address(cls, value: str) -> str:
        """Only what can be an address of such a server."""
        address = value.strip()
        if address:
            _address(address, like="http://localhost:8080/v1")
        return address

    @field_validator("api_key", mode="after")
    @classmethod
    def strip_newline(cls, value: SecretStr) -> SecretStr:
        """As any key."""
        return _key(value)


def _address(value: str, *, like: str = "http://localhost:8000") -> SplitResult:
    """The parts of a server's address. Raises ValueError where it can be none."""
    parts = urlsplit(value)
    if not (parts.scheme in ("http", "https") and parts.hostname and parts.port != 0):
        raise ValueError(f"it has to look like {like}")
    return parts


def _key(value: SecretStr) -> SecretStr:
    """A key pasted from a file often ends in a line break; inside of it is nothing that HTTP cannot send."""
    key = value.get_secret_value().strip()
    if key and not (key.isascii() and key.isprintable()):
        raise ValueError("it holds characters that no key has")
    return SecretStr(key)


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
    data: Path = Field(default=Path(".data"), description="Folder for the index, and for what the bot remembers.")
    models: Path = Field(default=Path("models"), description="Folder with the model files.")
    embedder: str = Field(
        default="footnote-minilm-l6",
        min_length=1,
        description="Model that turns texts into vectors: a name, a path to a GGUF file, or a server: http://HOST:PORT/v1#MODEL.",
    )
    embedder_key: SecretStr = Field(default=SecretStr(""), description="Key for that server, if it wants one.")
    chroma: str = Field(
        default="",
        description="Chroma server for the index's vectors, such as http://localhost:8000; empty: the data folder.",
    )
    chroma_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token for that server, if what stands before it wants one."
    )
    ranker: str = Field(
        default="",
        description="llama-server that orders what was found: http://HOST:PORT/v1#MODEL; empty: the starter model.",
    )
    ranker_key: SecretStr = Field(default=SecretStr(""), description="Key for that server, if it wants one.")
    model: str = Field(
        default="smollm2-135m-instruct",
        min_length=1,
        description="Language model that writes, where it has shown that it can: a name, or a path to a GGUF file.",
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Threads for the models; 0: as many as proved fastest when the index was first built.",
    )
    gpu_layers: str = Field(
        default="auto",
        description="Layers of the language model on the GPU; auto: all, if llama.cpp was built for one; 0: none.",
    )
    context_tokens: int = Field(
        default=4096,
        ge=1024,
        le=1 << 20,
        multiple_of=256,
        description="Tokens that a prompt and what is written after it may have together.",
    )
    kv_type: KvType = Field(
        default="f16", description="How the context is kept in memory: f16, or q8_0 for about half of that."
    )
    mmap: bool = Field(default=True, description="Map the model file into memory instead of copying it.")
    answers: Answers = Field(
        default="balanced",
        description="How readily to answer: cautious, balanced or generous; see what each does: footnote calibrate.",
    )
    idle_minutes: float = Field(
        default=0,
        ge=0,
        description="The bot frees the models' memory after so long without a question; 0: keeps them ready.",
    )
    length: Length = Field(
        default="normal",
        description="How long an answer is: short (one sentence or quote), normal (up to three) or long (up to five).",
    )
    tone: Tone = Field(default="plain", description="How a model that writes words it: plain, friendly or formal.")
    language: str = Field(
        default="en",
        description="Language of the terminal, and in Discord where neither person nor server tells theirs: en or de.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="How much to log; INFO shows ids and timings, never a question."
    )
    log_format: LogFormat = Field(default="human", description="How to log: human, or json with one object a line.")
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Serve /metrics (Prometheus) and /healthz at this port of 127.0.0.1 while the bot runs.",
    )
    writer: WriterSettings = Field(default_factory=WriterSettings)
    discord: DiscordSettings = Field(default_factory=DiscordSettings)

    @field_validator("chroma", mode="after")
    @classmethod
    def check_chroma(cls, value: str) -> str:
        """An address that can be shown wherever something is said about it."""
        address = value.strip().rstrip("/")
        if not address:
            return ""
        parts = _address(address)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("it has to be an address alone; a token goes into FOOTNOTE_CHROMA_TOKEN")
        return address

    @field_validator("ranker", mode="after")
    @classmethod
    def check_ranker(cls, value: str) -> str:
        """An address with the name of a model."""
        address, like = value.strip(), "http://localhost:8080/v1#smollm2"
        if address and not _address(address, like=like).fragment:
            raise ValueError(f"it has to look like {like}")
        return address

    @field_validator("chroma_token", "ranker_key", mode="after")
    @classmethod
    def check_token(cls, value: SecretStr) -> SecretStr:
        """As any key."""
        return _key(value)

    @field_validator("gpu_layers", mode="after")
    @classmethod
    def check_layers(cls, value: str) -> str:
        """A union of types would be explained by the names of its parts."""
        if value != "auto" and not (value.isdecimal() and value.isascii()):
            raise ValueError("it has to be auto or a number")
        return value

    @field_validator("language", mode="after")
    @classmethod
    def check_language(cls, value: str) -> str:
        """One that there is a catalogue of."""
        from bot.language import known, languages  # not needed to say what is wrong with another setting

        if (language := known(value)) is None:
            raise ValueError(f"it has to be one of {', '.join(languages())}")
        return language

    @field_validator("notes", "data", "models", mode="after")
    @classmethod
    def expand_home(cls, value: Path) -> Path:
        """In `.env` no shell replaces the `~`."""
        return value.expanduser()

    def of(self, collection: str | None) -> Settings:
        """The same for one collection alone. Raises IndexMissing where there can be none of this name."""
        if collection is None:
            return self
        folders = {"notes": notes_of(self.notes, collection), "data": data_of(self.data, collection)}
        return self.model_copy(update=folders)


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401
    """The settings of the environment and `.env`; `overrides` that are not None win over both.

    Raises:
        SettingsError: one of them has no such value; the message names it as it is written in `.env`.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(_explain(error), remedy=Phrase("Mend it in .env or in the environment.")) from error
    except (UnreadableSetting, UnicodeDecodeError) as error:
        unread = Phrase("The settings cannot be read: {why}.").format(why=str(error))
        raise SettingsError(unread, remedy=Phrase("Mend .env.")) from error


def _explain(error: ValidationError) -> str:
    """Every wrong setting by its name in `.env`, with what is wrong about it but never its value."""
    wrong = Phrase("{setting} does not work: {why}.")
    return listed(
        Phrase("{one} {other}"),
        [
            wrong.format(setting=f"FOOTNOTE_{'__'.join(map(str, item['loc'])).upper()}", why=item["msg"])
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ],
    )
