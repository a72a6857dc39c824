from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import sentence_spans
from rag.spans import WHOLE_CHARS, best_span, says_the_same

LONG = [
    f"Sentence {name} goes on about {name} for about a hundred characters, as a transcript does {name}."
    for name in ("alpha", "beta", "gamma", "delta", "omega")
]
TEXT = " ".join(LONG)


def scoring(**scores: float) -> Callable[[Sequence[str]], Sequence[float]]:
    return lambda texts: [next((s for name, s in scores.items() if name in text), 0.0) for text in texts]


def never(_texts: Sequence[str]) -> Sequence[float]:
    raise AssertionError("there is no choice to be made")


def shown(text: str, relevance: Callable[[Sequence[str]], Sequence[float]] = never) -> str:
    start, end = best_span(text, relevance)
    return text[start:end]


@pytest.mark.parametrize("text", ["One.", "One. Two. Three.", "no end mark", "x" * 1_000])
def test_what_is_short_or_one_sentence_is_shown_whole(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(1:07:30) Dopamine is wanting. Not liking.", "Dopamine is wanting. Not liking."),
        ("12:30 - the oven", "- the oven"),
        ("(12:30)", "(12:30)"),
    ],
)
def test_the_minute_is_left_to_the_citation(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("best", "first", "last"), [("alpha", 0, 3), ("beta", 1, 4), ("gamma", 2, 5), ("delta", 2, 5), ("omega", 2, 5)]
)
def test_the_best_sentence_is_shown_with_what_fits_behind_it_and_then_before(best: str, first: int, last: int) -> None:
    """The nearest sentence often asks the question and the next one answers it."""
    assert shown(TEXT, scoring(**{best: 1.0})) == " ".join(LONG[first:last])


def test_far_sentences_have_a_best_one_too() -> None:
    assert shown(TEXT, lambda texts: [-0.5, -0.2, -0.3, -0.4, -0.5][: len(texts)]) == " ".join(LONG[1:4])


def test_a_best_sentence_that_is_too_long_stands_alone() -> None:
    endless = "Sentence pi " + "goes on " * 60 + "and ends."
    assert shown(f"{LONG[0]} {endless} {LONG[1]}", scoring(pi=1.0)) == endless


@given(st.text(alphabet="aB .!?\n(1:)", max_size=900), st.randoms())
def test_a_span_is_a_run_of_whole_sentences(text: str, chance: object) -> None:
    start, end = best_span(text, lambda texts: [chance.random() for _ in texts])  # type: ignore[attr-defined]
    assert 0 <= start <= end <= len(text)
    if text.strip():
        assert text[start:end].strip()
    whole = [s for s in sentence_spans(text) if start <= s[0] and s[1] <= end]
    if len(whole) > 1:
        assert end - start <= max(WHOLE_CHARS, whole[-1][1] - whole[0][0])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The moon pulls on the sea.", "the moon pulled on the SEA", True),
        ("The moon pulls.", "The moon pulls on the sea and the sun does too, at other times.", True),
        ("The moon pulls on the sea.", "The sun pulls half as hard.", False),
        ("Rye keeps a week.", "Wheat keeps two days.", False),
        ("Coffee does no harm to sleep at night.", "Coffee does harm to sleep at night.", False),
        ("Coffee doesn't harm sleep at night.", "Coffee does harm sleep at night.", False),
        ("The rover weighs 899 kg with its wheels.", "The rover weighs 1,025 kg with its wheels.", False),
        ("The rover weighs 899 kg.", "the rover weighs 899 kg", True),
        ("…", "…", True),
        ("…", "words", False),
    ],
)
def test_quotes_that_say_the_same(one: str, other: str, same: bool) -> None:
    assert says_the_same(one, other) is same
    assert says_the_same(other, one) is same


def test_a_number_in_words_is_a_number() -> None:
    """Of two notes that count the same hinges differently, only the first was ever quoted."""
    assert not says_the_same("The gate has seventeen hinges.", "The gate has 998 hinges.")
    assert not says_the_same("The gate has seven hinges.", "The gate has eight hinges.")
    assert says_the_same("The gate has seven hinges.", "The old gate has seven hinges.")
