from __future__ import annotations

from dataclasses import replace

import pytest

from bot.line.answer_cache import OFTEN, AnswerCache, Question, Result, in_words_of, same_words
from rag.types import Answer, Filter, Trace, Turn
from tests.bot.samples import ANSWER, CLOSEST, NOTHING, SUMMARY

GIVEN = replace(ANSWER, basis="these passages", trace=Trace(hits=(), cosine=0.5, needed=0.5))
REFUSED = replace(CLOSEST, basis="these passages")
HEAT = Question(kind="ask", words="how hot is it")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def kept(result: Result, question: Question = HEAT) -> AnswerCache:
    cache = AnswerCache()
    cache.keep(question, result, era=cache.era)
    return cache


def test_an_answer_is_given_again_without_what_only_a_terminal_shows() -> None:
    result = kept(GIVEN).sure(HEAT)
    assert result == GIVEN
    assert isinstance(result, Answer)
    assert result.trace is None


@pytest.mark.parametrize(
    "other",
    [
        {"words": "how hot is venus"},
        {"kind": "topic"},
        {"history": (Turn(question="venus"),)},
        {"filters": (Filter(kind="show", label="Clear Skies", hard=True),)},
        {"scope": "other notes"},
    ],
)
def test_whatever_else_is_asked_is_another_question(other: dict[str, object]) -> None:
    assert kept(GIVEN).sure(replace(HEAT, **other)) is None  # type: ignore[arg-type]


def test_once_the_notes_have_changed_an_answer_is_unsure_until_its_basis_is_confirmed() -> None:
    cache = kept(GIVEN)
    cache.notes_changed()
    assert cache.sure(HEAT) is None
    before = cache.unsure(HEAT)
    assert before is not None
    assert before.basis == GIVEN.basis
    cache.confirm(HEAT, before, era=cache.era)
    assert cache.sure(HEAT) == GIVEN


@pytest.mark.parametrize("result", [REFUSED, replace(NOTHING, basis="x"), SUMMARY])
def test_what_rests_on_all_of_the_notes_does_not_outlive_their_change(result: Result) -> None:
    question = replace(HEAT, kind="topic" if result is SUMMARY else "ask")
    cache = kept(result, question)
    assert cache.sure(question) == result
    cache.notes_changed()
    assert cache.sure(question) is None
    assert cache.unsure(question) is None


def test_what_could_have_been_better_is_not_kept() -> None:
    assert kept(ANSWER).sure(HEAT) is None


def test_what_was_on_its_way_when_the_notes_changed_is_not_kept() -> None:
    cache = AnswerCache()
    era = cache.era
    cache.notes_changed()
    cache.keep(HEAT, GIVEN, era=era)
    assert cache.unsure(HEAT) is None


def test_what_was_on_its_way_when_somebody_had_something_forgotten_is_not_kept() -> None:
    cache = kept(GIVEN)
    era = cache.era
    cache.clear()
    cache.keep(HEAT, GIVEN, era=era)
    assert cache.sure(HEAT) is cache.unsure(HEAT) is None


def test_after_a_while_something_else_than_the_notes_may_have_changed() -> None:
    clock = Clock()
    cache = AnswerCache(sure_seconds=60, clock=clock)
    cache.keep(HEAT, GIVEN, era=cache.era)
    clock.now = 59
    assert cache.sure(HEAT)
    clock.now = 61
    assert cache.sure(HEAT) is None
    assert cache.unsure(HEAT)


def test_topics_that_are_asked_often_are_known_once_the_notes_have_changed() -> None:
    cache = AnswerCache()
    often, seldom = (replace(HEAT, kind="topic", words=words) for words in ("bread", "bees"))
    for question, times in ((often, OFTEN - 1), (seldom, 1)):
        cache.keep(question, SUMMARY, era=cache.era)
        for _ in range(times):
            assert cache.sure(question)
    assert cache.often("topic") == []  # it is at hand
    cache.notes_changed()
    assert cache.often("topic") == [often]
    cache.renew(often, SUMMARY, era=cache.era)
    assert cache.sure(often) == SUMMARY
    cache.clear()
    assert cache.often("topic") == []


def test_those_that_were_given_last_are_kept() -> None:
    cache = AnswerCache(most=2)
    first, second, third = (replace(HEAT, words=str(n)) for n in range(3))
    for question in (first, second):
        cache.keep(question, GIVEN, era=cache.era)
    cache.sure(first)
    cache.keep(third, GIVEN, era=cache.era)
    assert [cache.sure(question) is not None for question in (first, second, third)] == [True, False, True]


def test_what_became_of_questions_is_counted() -> None:
    cache = kept(GIVEN)
    cache.keep(HEAT, ANSWER, era=cache.era)
    cache.sure(HEAT)
    cache.sure(replace(HEAT, words="x"))
    cache.confirm(HEAT, GIVEN, era=cache.era)
    counts = cache.counts
    assert (counts.asked, counts.at_once, counts.looked_up, counts.kept) == (2, 1, 1, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How hot is it?", "how hot is  it"),
        ("Café?!", "Cafe\u0301"),
        ("How hot is it?", "How hot is it ."),
    ],
)
def test_the_same_words_are_the_same_question(one: str, other: str) -> None:
    assert same_words(one) == same_words(other)


@pytest.mark.parametrize(
    ("one", "other"), [("who is Will", "who is will"), ("?", "!"), ("a? b", "a b"), ("3.5", "35"), ("C++", "C")]
)
def test_other_words_are_another_question(one: str, other: str) -> None:
    assert same_words(one) != same_words(other)


def test_an_answer_is_given_in_the_words_of_whoever_asks() -> None:
    plain = replace(GIVEN, searched=GIVEN.question)
    assert in_words_of(plain, GIVEN.question) is plain
    result = in_words_of(plain, "how hot is it")
    assert isinstance(result, Answer)
    assert (result.question, result.searched) == ("how hot is it", "how hot is it")
    followed = in_words_of(replace(GIVEN, searched="Venus: how hot?"), "how hot is it")
    assert isinstance(followed, Answer)
    assert followed.searched == "Venus: how hot?"
