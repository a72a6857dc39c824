"""How much of a result is shown, and that what is left out is neither lost nor hidden."""

from __future__ import annotations

from dataclasses import replace

from bot.discord.brevity import MORE, shortened
from rag.map_types import TopicSummary
from rag.types import Answer, NotCovered
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT, SUMMARY


def test_a_short_answer_is_its_first_sentence_with_what_that_cites_and_a_word_on_the_rest() -> None:
    short = shortened(ANSWER, "short")
    assert isinstance(short, Answer)
    assert short.sentences == ANSWER.sentences[:1]
    assert short.citations == (HEAT,)
    assert short.remarks == (MORE,)


def test_what_is_no_longer_than_that_is_shown_as_it_is() -> None:
    one = replace(ANSWER, sentences=ANSWER.sentences[:1])
    assert shortened(one, "short") is one
    assert shortened(ANSWER, "normal") is ANSWER
    many = replace(ANSWER, sentences=ANSWER.sentences * 9)
    assert shortened(many, "long") is many
    normal = shortened(many, "normal")
    assert isinstance(normal, Answer)
    assert len(normal.sentences) == 5


def test_refusals_and_topics_are_shortened_likewise() -> None:
    refused = shortened(replace(CLOSEST, closest=(HEAT, BREAD)), "short")
    assert isinstance(refused, NotCovered)
    assert refused.closest == (HEAT,)
    topic = shortened(replace(SUMMARY, points=SUMMARY.points[:1] * 9), "short")
    assert isinstance(topic, TopicSummary)
    assert (len(topic.points), topic.citations) == (3, (HEAT,))
