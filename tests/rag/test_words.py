from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.words import STOPWORDS, content_words, is_stopword, stem, terms, words


def test_words_stand_where_they_were_found() -> None:
    text = "It costs $1,200.50 (or 96.5%), says Zoë's aunt."
    found = words(text)
    assert [word.written for word in found] == ["It", "costs", "1,200.50", "or", "96.5%", "says", "Zoë's", "aunt"]
    assert [text[word.start : word.end] for word in found] == [word.written for word in found]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("walking", "walks"),
        ("Straße", "STRASSE"),
        ("café", "cafe\u0301"),
        ("Zoë’s", "zoe"),
        ("star's", "stars"),
        ("Dvořák", "dvorak"),
    ],
)
def test_forms_of_one_word_match(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("2023", "2024"), ("96.5", "965"), ("a", "b"), ("universe", "bread"), ("c", "d"), ("3b", "3")]
)
def test_different_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_scripts_without_spaces_come_in_overlapping_pairs() -> None:
    assert [word.written for word in words("月と海 tides")] == ["月と", "と海", "tides"]
    assert [word.written for word in words("月")] == ["月"]


@pytest.mark.parametrize("text", ["", "   ", "🙂🙂", "?!…", "_", "\u200b"])
def test_some_texts_have_no_words(text: str) -> None:
    assert words(text) == []


@given(st.text())
def test_words_lie_in_order_and_are_what_they_say(text: str) -> None:
    found = words(text)
    assert all(text[word.start : word.end] == word.written for word in found)
    assert all(one.start < other.start for one, other in itertools.pairwise(found))
    assert all(word.written for word in found)


@given(st.text())
def test_no_letter_or_digit_is_left_out(text: str) -> None:
    inside = {i for word in words(text) for i in range(word.start, word.end)}
    assert all(i in inside for i, character in enumerate(text) if character.isalpha() or character.isdecimal())


def test_terms_keep_repeats_and_leave_out_what_says_nothing() -> None:
    assert terms("What did she say of the tide, and of tides?") == ["tide", "tide"]
    assert terms("what is the") == []


def test_content_words_are_distinct_and_in_order() -> None:
    found = content_words("Which tide is a spring tide, and which tides are neap?")
    assert [word.written for word in found] == ["tide", "spring", "neap"]


@pytest.mark.parametrize("word", ["The", "DON'T", "don’t", "x", "episode"])
def test_stopwords_are_known_however_they_are_written(word: str) -> None:
    assert is_stopword(word)


@pytest.mark.parametrize("word", ["tide", "7", "月", "who's-who", "us-based"])
def test_others_are_not(word: str) -> None:
    assert not is_stopword(word)


def test_the_list_is_in_the_form_it_is_compared_in() -> None:
    assert all(word == word.casefold() and "’" not in word for word in STOPWORDS)


def test_stemming_from_several_threads_is_the_same() -> None:
    """The stemmer keeps its state in itself, so two threads in it would mix up their words."""
    sample = [f"{root}{ending}" for root in ("walk", "bak", "danc", "flour") for ending in ("ing", "ed", "s", "er")]
    sample = [f"{word}{letter}ings" for word in sample for letter in "bcdfgklmnp"]
    expected = [stem.__wrapped__(word) for word in sample]
    wrong: list[str] = []

    def work() -> None:
        wrong.extend(w for w, e in zip(sample, expected, strict=True) if stem.__wrapped__(w) != e)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
