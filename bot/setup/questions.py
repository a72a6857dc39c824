"""The six questions of `footnote init`, in their order, and what is looked up to ask them well.

Writes nothing. A token is asked for without showing it, and checked with Discord before anything else happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.health.reach import PORTAL, DiscordAway, Guild, Identity, TokenRefused, invitation
from bot.settings import DiscordSettings, Settings
from bot.setup.asker import Asker
from rag.errors import FootnoteError
from rag.models.catalog import find, is_path

EVERYWHERE = "everywhere"
TRIES = 3

GET_A_TOKEN = (
    f"A Discord bot needs a token: open {PORTAL}, press New Application, then Bot > Reset Token, and copy it. Leave "
    "the three privileged intents off. Press Enter alone to do without Discord for now."
)


class NoAnswer(FootnoteError):
    """A question has no usable answer."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was answered on the command line; None: ask.

    Attributes:
        token: the token itself, read from a file or from the environment: never an argument, which `ps` would show.
    """

    notes: Path | None = None
    token: SecretStr | None = None
    guild: str | None = None
    model: str | None = None
    language: str | None = None
    autostart: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the six questions came to; `identity` is None without a token that Discord confirmed."""

    notes: Path
    token: SecretStr
    guild: int | None
    model: str
    language: str | None
    autostart: bool
    identity: Identity | None


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the questions get their facts from.

    Attributes:
        identify, guilds: ask Discord.
        recommended: the language models worth offering on this machine, each with a sentence; the best first.
        languages: that the bot speaks; fewer than two: it is not asked.
        can_start: whether this system can start the bot by itself.
    """

    identify: Callable[[DiscordSettings], Identity]
    guilds: Callable[[DiscordSettings], Sequence[Guild]]
    recommended: Callable[[], Sequence[tuple[str, str]]]
    languages: Sequence[str]
    can_start: bool


@dataclass(frozen=True, kw_only=True)
class Interview:
    """The six questions to one `asker`; `tell` is given what it should read between them.

    What is given is not asked, and what the settings hold already is the default.
    """

    settings: Settings
    given: Given
    asker: Asker
    sources: Sources
    tell: Callable[[str], object]

    def answers(self) -> Answers:
        """Put the questions. Raises NoAnswer, or what Discord says of a token that was given."""
        notes = self.given.notes or Path(self.asker.text("Folder with your notes", str(self.settings.notes)))
        token, identity = self._token()
        guild = self._guild(token, identity)
        self._check_given()
        model = self.given.model or self._model()
        return Answers(
            notes=notes.expanduser(),
            token=token,
            guild=guild,
            model=model,
            language=self.given.language or self._language(),
            autostart=self._autostart(token),
            identity=identity,
        )

    def _token(self) -> tuple[SecretStr, Identity | None]:
        """The token and whose it is. A given one must be right; one that is typed may be typed again."""
        known = self.given.token or self.settings.discord.token
        if known.get_secret_value():
            try:
                return known, self._identify(known)
            except DiscordAway as error:
                self.tell(f"{error} The token is kept unchecked.")
                return known, None
            except TokenRefused as error:
                if self.given.token:
                    raise
                self.tell(f"{error} It is the one in .env or in the environment.")
        return self._typed()

    def _typed(self) -> tuple[SecretStr, Identity | None]:
        self.tell(GET_A_TOKEN)
        for _ in range(TRIES):
            typed = SecretStr(self.asker.secret("Token (it does not show while you type)"))
            if not typed.get_secret_value():
                return typed, None
            try:
                return typed, self._identify(typed)
            except (TokenRefused, DiscordAway) as error:
                self.tell(str(error))
                if isinstance(error, DiscordAway) and self.asker.agrees("Keep the token unchecked?", default=False):
                    return typed, None
        raise NoAnswer("No token was accepted.", remedy="Get a new one, then run footnote init again.")

    def _identify(self, token: SecretStr) -> Identity:
        identity = self.sources.identify(self._discord(token))
        self.tell(f"Discord knows the bot: it is {identity.name}.")
        return identity

    def _discord(self, token: SecretStr) -> DiscordSettings:
        return self.settings.discord.model_copy(update={"token": token})

    def _guild(self, token: SecretStr, identity: Identity | None) -> int | None:
        """The server in which commands are registered at once; None: everywhere, which takes Discord a while."""
        if self.given.guild is not None:
            return _number(self.given.guild)
        if identity is None:
            return self.settings.discord.guild_id
        found = self._found(token)
        if not found:
            invite = invitation(identity.application)
            self.tell(f"The bot is in no server yet. Open this address and choose yours:\n  {invite}")
            self.asker.text("Press Enter when it is there, or to go on without", "go on")
            found = self._found(token)
        for guild in found:
            self.tell(f"It is in {guild.name} (id {guild.id}).")
        default = str(found[0].id) if len(found) == 1 else str(self.settings.discord.guild_id or EVERYWHERE)
        question = f"Show its commands at once in the server with this id, or {EVERYWHERE} within an hour"
        return _number(self.asker.text(question, default))

    def _found(self, token: SecretStr) -> Sequence[Guild]:
        try:
            return self.sources.guilds(self._discord(token))
        except DiscordAway as error:
            self.tell(str(error))
            return ()

    def _check_given(self) -> None:
        """What is written down must be usable: no command reads a .env that is not. Raises NoAnswer, ModelError."""
        if self.given.language and self.given.language not in self.sources.languages:
            known = ", ".join(self.sources.languages)
            raise NoAnswer(f"Footnote does not speak {self.given.language!r}.", remedy=f"Choose one of: {known}.")
        if self.given.model and not is_path(self.given.model):
            find(self.given.model)

    def _model(self) -> str:
        now = self.settings.model
        offered = [(name, why) for name, why in self.sources.recommended() if name != now]
        if not offered:
            return now
        self.tell(f"{now} is chosen. This machine could also run one of these, which write:")
        for name, why in offered:
            self.tell(f"  {name}: {why}")
        return self.asker.one_of("Model", [now, *(name for name, _ in offered)], now)

    def _language(self) -> str | None:
        if len(self.sources.languages) < 2:
            return None
        return self.asker.one_of("Language of the bot's own words", self.sources.languages, self.settings.language)

    def _autostart(self, token: SecretStr) -> bool:
        if self.given.autostart is not None:
            return self.given.autostart
        if not token.get_secret_value() or not self.sources.can_start:
            return False
        return self.asker.agrees("Start the bot by itself from now on, also after a restart?", default=False)


def _number(guild: str) -> int | None:
    if guild in ("", EVERYWHERE):
        return None
    if not (guild.isascii() and guild.isdecimal()):
        raise NoAnswer(f"{guild} is no server's id.", remedy=f"It is a number; or say {EVERYWHERE}.")
    return int(guild)
