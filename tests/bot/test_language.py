"""Sentences, numbers, dates and lists in the language that is spoken."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from bot import wording
from bot.discord.render import place_in_line, render
from bot.language import (
    _,
    both,
    day,
    either,
    known,
    languages,
    ngettext,
    number,
    of_the_system,
    speak,
    speaking,
    spoken,
)
from bot.line.worker import Place
from bot.question import check_question
from rag.choices import choose
from rag.errors import QuestionError
from rag.phrase import AND, Phrase, listed
from rag.types import Answer, Filter, NotCovered
from tests.bot.samples import ANSWER, CLOSEST, HEAT, SUMMARY, VENUS

LEFT_OUT = Phrase("Episodes whose date your notes do not tell were left out: {count}.")
SAID_IN = Phrase("said in {episode}")


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("de_DE.UTF-8", "de"),
        ("en-GB", "en"),
        ("en-US", "en"),
        ("xx", None),
        ("", None),
        ("C.UTF-8", None),
    ],
)
def test_a_locale_is_known_by_its_language(locale: str, language: str | None) -> None:
    assert known(locale) == language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "de_DE.UTF-8", "LC_ALL": ""}, "de"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "xx:de:en"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_CTYPE": "C.UTF-8"}, "de"),  # which Python sets where that locale is not installed
    ],
)
def test_an_account_tells_its_language_by_its_environment(environment: dict[str, str], language: str) -> None:
    assert of_the_system(environment) == language


def test_english_is_spoken_where_nothing_is_said_and_comes_first() -> None:
    assert spoken() == languages()[0] == "en"


def test_a_sentence_is_said_in_the_language_that_is_spoken() -> None:
    with speaking("de"):
        assert _("Sources") == "Quellen"
        assert ngettext("{n} note", "{n} notes", 1) == "1 Notiz"
        assert ngettext("{n} note", "{n} notes", 1200) == "1.200 Notizen"
    assert _("Sources") == "Sources"
    assert ngettext("{n} note", "{n} notes", 1200) == "1,200 notes"


def test_what_no_catalogue_has_stays_as_it_is() -> None:
    with speaking("de"):
        assert _("A sentence {that} nobody says") == "A sentence {that} nobody says"
        assert _("") == ""  # which stands for the head of a catalogue


def test_a_phrase_is_english_text_that_knows_its_parts() -> None:
    phrase = LEFT_OUT.format(count=1200)
    assert phrase == "Episodes whose date your notes do not tell were left out: 1,200."
    with speaking("de"):
        assert _(phrase) == "Folgen, deren Datum nicht in deinen Notizen steht, habe ich ausgelassen: 1.200."


def test_a_phrase_within_a_phrase_is_said_too_but_no_other_text() -> None:
    closest = Phrase("Closest: {said}, {by}.").format(said=SAID_IN.format(episode="Sources"), by="{by}")
    with speaking("de"):
        assert _(closest) == "Am nächsten: gesagt in Sources, {by}."
        assert _(listed(AND, ["Venus", "Mars", "Sources"])) == "Venus und Mars und Sources"


def test_a_phrase_outlives_the_way_to_another_process() -> None:
    kind: TypeAdapter[Answer | NotCovered] = TypeAdapter(Answer | NotCovered)
    phrase = Phrase("Closest: {said}, {by}.").format(said=SAID_IN.format(episode="X"), by="y")
    there = kind.validate_json(kind.dump_json(replace(CLOSEST, reason=phrase, remarks=(LEFT_OUT.format(count=3), "z"))))
    assert isinstance(there, NotCovered)
    assert there.remarks == (LEFT_OUT.format(count=3), "z")
    for reason in (there.reason, pickle.loads(pickle.dumps(phrase))):  # noqa: S301  # our own
        assert reason == phrase
        with speaking("de"):
            assert _(reason) == "Am nächsten: gesagt in X, y."


@pytest.mark.parametrize("wrong", [["{a}"], [1, {}], {}, ["{a}", {"a": [1, 2, 3]}]])
def test_what_is_no_phrase_is_not_read_as_one(wrong: object) -> None:
    kind: TypeAdapter[Filter] = TypeAdapter(Filter)
    with pytest.raises(ValueError, match="neither a text nor a phrase"):
        kind.validate_python({"kind": "show", "label": wrong, "hard": True})


def test_numbers_dates_and_lists() -> None:
    dates = [(2023, 9, 10), (2023, 9, None), (None, 9, 10), (None, 9, None), (2023, None, None), (None, None, None)]
    assert [day(*each) for each in dates] == ["10 Sep 2023", "Sep 2023", "10 Sep", "Sep", "2023", ""]
    assert (number(12345), either(["a", "b", "c"]), both(["a", "b"])) == ("12,345", "a, b or c", "a and b")
    with speaking("de"):
        assert [day(*each) for each in dates][:3] == ["10. Sept. 2023", "Sept. 2023", "10. Sept."]
        assert (number(12345), either(["a", "b", "c"]), both(["a", "b"])) == ("12.345", "a, b oder c", "a und b")


def test_a_date_that_does_not_exist_stays_as_it_is() -> None:
    assert wording.format_date("2023-02-30") == "2023-02-30"
    assert wording.format_date("--02-29") == "29 Feb"


async def test_a_task_speaks_as_the_one_that_started_it_and_changes_no_other() -> None:
    async def other(language: str | None) -> str:
        if language:
            speak(language)
        await asyncio.sleep(0)
        return spoken()

    with speaking("de"):
        assert await asyncio.gather(*map(asyncio.create_task, map(other, (None, "en", None)))) == ["de", "en", "de"]


def test_an_answer_in_german_quotes_the_notes_as_they_are() -> None:
    with speaking("de"):
        answer, closest = render(ANSWER)[0], render(replace(CLOSEST, did_you_mean=("A", "B")))[0]
        text = answer.description or ""
        assert answer.title == "✅ Aus deinen Notizen"
        assert "„The surface is at 464 °C.“ [1]" in text
        assert "· 10\\. Sept." in text  # no list begins there
        assert "venus.txt Zeilen 12-13" in text
        assert "Meinst du A oder B?" in (closest.description or "")
        assert render(SUMMARY)[0].description is not None
        assert place_in_line(Place(position=3, seconds=21.0, loading=False)).startswith(
            "⏳ Du stehst an dritter Stelle"
        )
        assert wording.also([]) == "auch "


def test_an_error_about_what_was_typed_speaks_it_too() -> None:
    with pytest.raises(QuestionError) as empty:
        check_question(" ")
    with pytest.raises(QuestionError) as unknown:
        choose([Filter(kind="show", label="zzz", hard=True)], [VENUS])
    assert str(empty.value) == "The question is empty. Type a few words to look for."
    with speaking("de"):
        assert _(empty.value.message) == "Die Frage ist leer."
        assert _(unknown.value.message) == "In deinen Notizen gibt es keinen Podcast „zzz“."
        assert _(unknown.value.remedy) == "Wähl eins von denen, die beim Tippen angeboten werden."
        assert "Zeilen" in wording.within("line", HEAT.line_start, HEAT.line_end)
