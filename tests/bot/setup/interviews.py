"""Somebody who answers what a test says, and the facts that questions are asked with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.health.reach import Guild, Identity
from bot.settings import DiscordSettings
from bot.setup.questions import Sources

IDENTITY = Identity(application=42, name="footnote", reads_messages=False, skew=0.0)
HOME = Guild(id=77, name="Home", permissions=0x4000014C00)


@dataclass
class Scripted:
    """An `Asker`.

    Attributes:
        says: a word of a question -> what is answered, one after the other; else the default.
        asked: every question.
    """

    says: Mapping[str, list[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def _answer(self, question: str, default: str) -> str:
        self.asked.append(question)
        return next((said.pop(0) for word, said in self.says.items() if word in question and said), default)

    def text(self, question: str, default: str) -> str:
        return self._answer(question, default)

    def secret(self, question: str) -> str:
        return self._answer(question, "")

    def one_of(self, question: str, choices: Sequence[str], default: str) -> str:
        return self._answer(question, default)

    def agrees(self, question: str, *, default: bool) -> bool:
        return self._answer(question, "yes" if default else "no") == "yes"


@dataclass
class Portal:
    """A Discord that knows some tokens; `guilds` are what it lists, one list a call.

    Attributes:
        asked: every token it was shown.
    """

    tokens: Sequence[str] = ("right",)
    guilds: list[Sequence[Guild]] = field(default_factory=list)
    away: Exception | None = None
    refused: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def identify(self, settings: DiscordSettings) -> Identity:
        token = settings.token.get_secret_value()
        self.asked.append(token)
        if self.away:
            raise self.away
        if token not in self.tokens:
            assert self.refused
            raise self.refused
        return IDENTITY

    def listed(self, settings: DiscordSettings) -> Sequence[Guild]:
        assert settings.token.get_secret_value() in self.tokens
        return self.guilds.pop(0) if self.guilds else (HOME,)

    def sources(
        self,
        *,
        models: Sequence[tuple[str, str]] = (),
        languages: Sequence[str] = (),
        language: str = "en",
        can_start: bool = True,
    ) -> Sources:
        return Sources(
            identify=self.identify,
            guilds=self.listed,
            recommended=lambda: models,
            languages=languages,
            language=language,
            can_start=can_start,
        )
