"""The six questions of `footnote init`, in their order, and what is looked up to ask them well.

The first is for the language, and everything after it speaks that. Writes nothing. A token is asked for without
showing it, and checked with Discord before anything else happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.health.reach import PORTAL, DiscordAway, Guild, Identity, TokenRefused, invitation
from bot.language import _, speak
from bot.settings import DiscordSettings, Settings
from bot.setup.asker import Asker
from rag.errors import FootnoteError
from rag.models.catalog import find, is_path
from rag.phrase import Phrase

EVERYWHERE = Phrase("everywhere")
TRIES = 3

WILL_LIVE = Phrase("Footnote will live in {folder}: settings in .env, models in {models}, index in {data}.")
GET_A_TOKEN = Phrase(
    "To speak in Discord, Footnote needs the token of a bot of yours:\n"
    "  1. Open {portal}\n"
    "  2. Press New Application, and give it a name.\n"
    "  3. Open Bot on the left. Leave the three privileged intents off.\n"
    "  4. Press Reset Token, and copy what it shows."
).format(portal=PORTAL)
COULD_WRITE = Phrase(
    "{model} is chosen. This machine could run one of these instead, which also put answers into their own words:"
)
IN_NO_SERVER = Phrase("The bot is in no server yet. Open this address and choose yours:")


def whole(error: FootnoteError) -> str:
    """All that an error says, in the language that is spoken."""
    return f"{_(error.message)} {_(error.remedy)}".strip()


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
    """What the six questions came to.

    Attributes:
        identity: None without a token that Discord confirmed.
        in_server: whether the bot is in a server already.
    """

    notes: Path
    token: SecretStr
    guild: int | None
    model: str
    language: str | None
    autostart: bool
    identity: Identity | None
    in_server: bool = False


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the questions get their facts from.

    Attributes:
        identify, guilds: ask Discord.
        recommended: the language models worth offering on this machine, each with a sentence; the best first.
        languages: that the bot speaks; fewer than two: it is not asked.
        language: that of this account, where the settings name none.
        can_start: whether this system can start the bot by itself.
    """

    identify: Callable[[DiscordSettings], Identity]
    guilds: Callable[[DiscordSettings], Sequence[Guild]]
    recommended: Callable[[], Sequence[tuple[str, str]]]
    languages: Sequence[str]
    language: str
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
        language = self._language()
        self._introduce()
        notes = self.given.notes or Path(self.asker.text(_("Folder with your notes"), str(self.settings.notes)))
        token, identity = self._token()
        found = self._servers(token, identity)
        guild = self._guild(found, identity)
        self._check_model()
        model = self.given.model or self._model()
        return Answers(
            notes=notes.expanduser(),
            token=token,
            guild=guild,
            model=model,
            language=language,
            autostart=self._autostart(token),
            identity=identity,
            in_server=bool(found),
        )

    def _token(self) -> tuple[SecretStr, Identity | None]:
        """The token and whose it is. A given one must be right; one that is typed may be typed again."""
        known = self.given.token or self.settings.discord.token
        if known.get_secret_value():
            try:
                return known, self._identify(known)
            except DiscordAway as error:
                self.tell(f"{whole(error)} {_('The token is kept unchecked.')}")
                return known, None
            except TokenRefused as error:
                if self.given.token:
                    raise
                self.tell(f"{whole(error)} {_('It is the one in .env or in the environment.')}")
        return self._typed()

    def _typed(self) -> tuple[SecretStr, Identity | None]:
        self.tell(_(GET_A_TOKEN))
        for _try in range(TRIES):
            typed = SecretStr(
                self.asker.secret(_("Token (it does not show while you type; Enter alone: none for now)"))
            )
            if not typed.get_secret_value():
                return typed, None
            try:
                return typed, self._identify(typed)
            except (TokenRefused, DiscordAway) as error:
                self.tell(whole(error))
                if isinstance(error, DiscordAway) and self.asker.agrees(_("Keep the token unchecked?"), default=False):
                    return typed, None
        raise NoAnswer(Phrase("No token was accepted."), remedy=Phrase("Get a new one, then run footnote init again."))

    def _identify(self, token: SecretStr) -> Identity:
        identity = self.sources.identify(self._discord(token))
        self.tell(_("Discord knows the bot: it is {name}.").format(name=identity.name))
        return identity

    def _discord(self, token: SecretStr) -> DiscordSettings:
        return self.settings.discord.model_copy(update={"token": token})

    def _servers(self, token: SecretStr, identity: Identity | None) -> Sequence[Guild]:
        """Those that the bot is in; where there is none and none was named, it may be invited first."""
        found = () if identity is None else self._found(token)
        if found or identity is None or self.given.guild is not None:
            return found
        self.tell(f"{_(IN_NO_SERVER)}\n  {invitation(identity.application)}")
        self.asker.text(_("Press Enter when it is there, or to go on without"), _("go on"))
        return self._found(token)

    def _guild(self, found: Sequence[Guild], identity: Identity | None) -> int | None:
        """The server in which commands are registered at once; None: everywhere, which takes Discord a while."""
        if self.given.guild is not None:
            return _number(self.given.guild)
        if identity is None:
            return self.settings.discord.guild_id
        for guild in found:
            self.tell(_("It is in {name} (id {id}).").format(name=guild.name, id=guild.id))
        default = str(found[0].id) if len(found) == 1 else str(self.settings.discord.guild_id or _(EVERYWHERE))
        question = _("Show its commands at once in the server with this id, or {everywhere} within an hour")
        return _number(self.asker.text(question.format(everywhere=_(EVERYWHERE)), default))

    def _found(self, token: SecretStr) -> Sequence[Guild]:
        try:
            return self.sources.guilds(self._discord(token))
        except DiscordAway as error:
            self.tell(whole(error))
            return ()

    def _check_model(self) -> None:
        """What is written down must be usable: no command reads a .env that is not. Raises ModelError."""
        if self.given.model and not is_path(self.given.model):
            find(self.given.model)

    def _model(self) -> str:
        now = self.settings.model
        offered = [(name, why) for name, why in self.sources.recommended() if name != now]
        if not offered:
            return now
        self.tell(_(COULD_WRITE.format(model=now)))
        for name, why in offered:
            self.tell(f"  {name}: {_(why)}")
        self.tell(_("You can take one later, too: footnote init --model NAME"))
        return self.asker.one_of(_("Model"), [now, *(name for name, _ in offered)], now)

    def _language(self) -> str | None:
        """The language that is spoken from here on. Raises NoAnswer where it is not known."""
        spoken = self.sources.languages
        language = self.given.language
        if language and language not in spoken:
            raise NoAnswer(
                Phrase("Footnote does not speak {language}.").format(language=repr(language)),
                remedy=Phrase("Choose one of: {languages}.").format(languages=", ".join(spoken)),
            )
        if language is None and len(spoken) > 1:
            chosen = "language" in self.settings.model_fields_set
            default = self.settings.language if chosen else self.sources.language
            speak(default)
            language = self.asker.one_of(_("Language of the bot's own words"), spoken, default)
        if language:
            speak(language)
        return language

    def _introduce(self) -> None:
        folder, models, data = map(str, (Path.cwd(), self.settings.models, self.settings.data))
        self.tell(_(WILL_LIVE.format(folder=folder, models=models, data=data)))

    def _autostart(self, token: SecretStr) -> bool:
        if self.given.autostart is not None:
            return self.given.autostart
        if not token.get_secret_value() or not self.sources.can_start:
            return False
        return self.asker.agrees(_("Start the bot by itself from now on, also after a restart?"), default=False)


def _number(guild: str) -> int | None:
    if guild in ("", EVERYWHERE, _(EVERYWHERE)):
        return None
    if not (guild.isascii() and guild.isdecimal()):
        raise NoAnswer(
            Phrase("{typed} is no server's id.").format(typed=guild),
            remedy=Phrase("It is a number; or say {everywhere}.").format(everywhere=EVERYWHERE),
        )
    return int(guild)
