"""In which language somebody in Discord is spoken to, and what the commands are called in each language.

Who uses a command or presses a button is spoken to in the language that their Discord is in. Messages do not tell that:
they are answered in the language of their server. Where neither is known or spoken, the one that is set for the bot
stays. Knows nothing of what is said.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.language import ENGLISH, _, known, pgettext, speak, speaking, spoken

NAME = "command"  # the context in which a catalogue lists what is typed behind the slash
_NAMES = (Location.command_name, Location.group_name, Location.parameter_name)
_UNTOLD = discord.Locale.american_english  # what Discord says of every server that has set nothing


def speak_with(interaction: discord.Interaction[Any]) -> None:
    """Speak the language of whoever used a command, a button or a form, from now on in this task."""
    speak(_one_of(interaction.locale, _told(interaction.guild_locale)))


def speak_in(guild: discord.Guild | None) -> None:
    """Speak the language of a server, from now on in this task."""
    speak(language_in(guild))


def language_in(guild: discord.Guild | None) -> str:
    """The language of a server; the one that is spoken where it has set none, or there is no server."""
    return _one_of(_told(guild.preferred_locale if guild else None))


def _told(locale: discord.Locale | None) -> discord.Locale | None:
    return None if locale is _UNTOLD else locale


def _one_of(*locales: discord.Locale | None) -> str:
    return next(filter(None, (known(locale.value) for locale in locales if locale)), spoken())


class CommandNames(app_commands.Translator):
    """What commands, their options and what is said about them are in each language."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        language = known(locale.value)
        if language in (None, ENGLISH):
            return None
        with speaking(language or ENGLISH):
            said = pgettext(NAME, string.message) if context.location in _NAMES else _(string.message)
        return None if said == string.message else said
