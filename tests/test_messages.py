"""Every catalogue has every sentence, with the fields that it has in English; what is wrong with one is found."""

from __future__ import annotations

from typing import Any

import pytest
from babel.messages.catalog import Catalog

from bot.discord.speech import NAME
from scripts.messages import catalogues, template, troubles

EVERYTHING = template()


@pytest.mark.parametrize("language", catalogues())
def test_a_catalogue_misses_nothing_and_fills_in_the_same_fields(language: str) -> None:
    """After a sentence was added or changed: `make messages`, then translate what it lists."""
    assert troubles(catalogues()[language], EVERYTHING) == []


def test_there_is_a_german_one_and_it_is_no_small_one() -> None:
    assert len(catalogues()["de"]) > 200


def wrong(said: str | tuple[str, ...], of: str | tuple[str, str] = "You asked {n} times.", **more: Any) -> list[str]:
    """What is found to be wrong with one translation."""
    everything, catalogue = Catalog(), Catalog(locale="de")
    everything.add(of, context=more.get("context"), locations=[(more.pop("file", "bot/x.py"), 1)])
    catalogue.add(of, said, **more)
    return [trouble.partition(":")[0] for trouble in troubles(catalogue, everything)]


@pytest.mark.parametrize(
    ("said", "trouble"),
    [
        ("Du hast {n} Mal gefragt.", []),
        ("", ["not translated"]),
        ("Du hast gefragt.", ["other fields in braces"]),
        ("Du hast {x} Mal gefragt.", ["other fields in braces"]),
    ],
)
def test_what_is_wrong_with_a_translation_is_found(said: str, trouble: list[str]) -> None:
    assert wrong(said) == trouble


def test_of_a_sentence_about_a_number_every_form_is_looked_at() -> None:
    forms = ("{n} note", "{n} notes")
    assert wrong(("{n} Notiz", "{n} Notizen"), forms) == []
    assert wrong(("{n} Notiz", ""), forms) == ["not translated"]
    assert wrong(("Eine Notiz", "{n} Notizen"), forms) == ["other fields in braces"]


@pytest.mark.parametrize("name", ["Frage", "zwei wörter", "x" * 33, "ein/zwei"])
def test_a_command_gets_no_name_that_discord_refuses(name: str) -> None:
    assert wrong(name, "ask", context=NAME, file="commands") == ["not a name that can be typed as a command"]
    assert wrong("über-mich", "about", context=NAME, file="commands") == []


def test_what_discord_cuts_off_is_found() -> None:
    assert wrong("x" * 101, "Ask.", file="commands") == ["longer than 100 characters"]


def test_a_fuzzy_translation_counts_as_none_and_one_that_nobody_says_is_named() -> None:
    assert wrong("Du hast {n} Mal gefragt.", flags=["fuzzy"]) == ["not translated"]
    catalogue = Catalog(locale="de")
    catalogue.add("Gone.", "Weg.")
    assert troubles(catalogue, Catalog()) == ["no longer said: 'Gone.'"]
