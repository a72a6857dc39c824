"""Filters, attribution, parts and corrections in whole answers, over a real index of three episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import pytest

from rag.answer import NO_CLEAR_ANSWER, ONE_WORD, WRITTEN, Answerer
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.protocols import Message
from rag.question import MOST_WORDS
from rag.types import LEAD_IN, Answer, NotCovered, Turn
from tests.builders import episode
from tests.fakes import FakeEmbedder
from tests.rag.three_episodes import BY_SCORE, FIELDS, NOTES, indexed
from tests.scripted import ScriptedGenerator

GATE = Thresholds(answer=0.5, closest=-1.0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    episodes = [
        episode(id=name, title=f"{name.title()} Moreau", guests=(f"{name.title()} Moreau",), show=f"Show {name}")
        for name in NOTES
    ]
    with indexed(tmp_path_factory.mktemp("build"), episodes) as opened:
        yield opened


@pytest.fixture
def answerer(index: Index) -> Answerer:
    return Answerer(index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=GATE)


def test_a_name_narrows_the_search_and_is_shown(answerer: Answerer) -> None:
    result = answerer.ask("What does Mara say of the mill?")
    assert isinstance(result, Answer)
    assert {citation.episode_id for citation in result.citations} == {"mara"}
    assert [(each.label, each.hard) for each in result.filters] == [("Mara Moreau", True)]


def test_a_misspelt_name_is_only_preferred(answerer: Answerer) -> None:
    result = answerer.ask("What does Moraeu say of the mill?")
    assert result.searched == "What does Moreau say of the mill?"
    assert [each.hard for each in result.filters] == [False, False, False]


def test_what_another_said_is_closest_and_attributed(answerer: Answerer) -> None:
    result = answerer.ask("What does Tom say of bees that dance in the hive?")
    assert isinstance(result, NotCovered)
    assert result.outcome == "closest"
    assert result.closest[0].episode_id == "ines"
    assert result.reason == "Closest: said in Show ines: Ines Moreau, not by Tom Moreau."
    assert result.near_episodes[0] == "Show ines: Ines Moreau"


def test_filters_that_leave_nothing_are_said_and_everything_is_searched(answerer: Answerer) -> None:
    found = answerer.retrieve("What did Tom Moreau say around minute 500?")
    assert found.rows is None
    assert found.remarks == ("Nothing in your notes fits Tom Moreau and around 8:20:00, so everything was searched.",)
    assert not any(scope.hard for scope in found.scopes)
    assert len({hit.passage.episode_id for hit in found.hits}) == 3


def test_a_month_without_an_episode_is_said(answerer: Answerer) -> None:
    remarks = answerer.retrieve("What was said in March?").remarks
    assert remarks == ("No episode in your notes is dated March, so everything was searched.",)


def test_a_minute_narrows_to_what_is_near_it(answerer: Answerer) -> None:
    found = answerer.retrieve("What is said around minute 20?")
    assert {hit.passage.seconds for hit in found.hits} == {1200}


def test_what_stands_at_a_minute_is_near_whatever_its_words_are(answerer: Answerer) -> None:
    """A question with nothing but a minute in it got "Your notes do not cover this.", though notes stand there."""
    shut = Answerer(answerer._index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=Thresholds(answer=2, closest=2))
    assert shut.ask("What is said around minute 20?").outcome == "closest"
    assert shut.ask("What is said of pumpkins?").outcome == "not_covered"


def test_what_is_said_at_a_minute_of_an_episode_is_answered_by_what_stands_there(answerer: Answerer) -> None:
    """ "What do they discuss at 1:19:15 in that episode?" was refused, though the note of that minute was shown."""
    shut = Answerer(answerer._index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=Thresholds(answer=2, closest=-1))
    answer = shut.ask("What does Ines talk about around minute 20?")
    assert isinstance(answer, Answer)
    assert {citation.seconds for citation in answer.citations} == {1200}
    assert shut.ask("What does Ines say of clover around minute 20?").outcome != "answer"


def test_each_of_those_compared_is_quoted(answerer: Answerer) -> None:
    result = answerer.ask("What do Ines and Mara say of the mill?")
    assert isinstance(result, Answer)
    assert [citation.episode_id for citation in result.citations[:2]] == ["ines", "mara"]
    assert result.remarks == ()


IDLE, GRINDS = "Idle stands the mill.", "At night the mill grinds rye."


@pytest.mark.parametrize(
    ("sentences", "lead_in"),
    [({NOTES["mara"][2]: GRINDS}, LEAD_IN), ({NOTES["ines"][2]: IDLE, NOTES["mara"][2]: GRINDS}, WRITTEN)],
)
def test_what_is_written_may_leave_out_no_part(index: Index, sentences: dict[str, str], lead_in: str) -> None:
    """A model that wrote of one of two that were compared took the quote of the other out of the answer."""

    def script(prompt: Sequence[Message]) -> Iterator[str]:
        for line in prompt[1].text.splitlines():
            yield from (f"{own} {line[:3]} " for text, own in sentences.items() if line.endswith(text))

    writer = ScriptedGenerator(scripts=(script,))
    answering = Answerer(index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=GATE, writer=writer)
    result = answering.ask("What do Ines and Mara say of the mill?")
    assert isinstance(result, Answer)
    assert result.lead_in == lead_in
    assert {"ines", "mara"} <= {citation.episode_id for citation in result.citations}


def test_a_part_that_is_not_covered_is_named(answerer: Answerer) -> None:
    result = answerer.ask("How long does rye bread keep? Who won the football league?")
    assert isinstance(result, Answer)
    assert result.citations[0].display == NOTES["mara"][0]
    assert result.remarks == ("I found no clear answer to this part: Who won the football league?",)


def test_a_number_the_notes_say_otherwise_is_corrected(answerer: Answerer) -> None:
    result = answerer.ask("why does the oven cost $5,000 a month")
    assert isinstance(result, Answer)
    assert result.lead_in == "Your notes say $3,000, not $5,000:"
    assert result.citations[0].display == NOTES["mara"][1]


def test_a_pronoun_stands_for_who_was_cited(answerer: Answerer) -> None:
    """ "and what does he say" after a question that named nobody was searched with an older question's guest."""
    history = [Turn(question="What does Ines say?"), Turn(question="how is the tide", episodes=("tom",))]
    result = answerer.ask("and what does he say about the wind?", history=history)
    assert result.searched == "Tom Moreau: and what does he say about the wind?"
    assert [each.label for each in result.filters] == ["Tom Moreau"]


def test_an_episode_that_is_gone_is_leant_on_by_nobody(answerer: Answerer) -> None:
    history = [Turn(question="how is it", episodes=("gone",))]
    assert answerer.ask("and why is that?", history=history).searched == "and why is that?"


def test_the_passages_around_a_quote_come_with_it(answerer: Answerer) -> None:
    citation = answerer.ask("how much is the oven a month").citations[0]  # type: ignore[union-attr]
    assert (citation.before, citation.whole, citation.after) == tuple(
        (NOTES["mara"][:1], NOTES["mara"][1], NOTES["mara"][2:])
    )


def test_a_very_long_question_is_cut_and_says_so(answerer: Answerer) -> None:
    found = answerer.retrieve("bees " * 2_000)
    assert found.searched == " ".join(["bees"] * MOST_WORDS)
    assert found.remarks[0].startswith("Your question is very long: only its beginning, up to “")


def test_one_word_points_to_the_topics(answerer: Answerer) -> None:
    assert answerer.ask("rye").remarks == (ONE_WORD,)


def test_words_that_occur_nowhere_and_what_they_may_mean(answerer: Answerer) -> None:
    nothing = answerer.ask("zzyzx qwertz")
    assert isinstance(nothing, NotCovered)
    assert nothing.absent_words == ("zzyzx", "qwertz")
    shut = Answerer(answerer._index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=Thresholds(answer=2, closest=2))
    refused = shut.ask("zzyzx qwertz")
    assert isinstance(refused, NotCovered)
    assert refused.reason.startswith("None of the words in your question occur in your notes.")


def test_a_name_that_was_understood_is_no_absent_word(index: Index) -> None:
    """ "Who is Tom Moreau?" was told that none of its words occur, under "Searched: Tom Moreau"."""
    shut = Answerer(index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=Thresholds(answer=2.0, closest=2.0))
    result = shut.ask("Who is Tom Moreau?")
    assert isinstance(result, NotCovered)
    assert (result.absent_words, result.outcome) == ((), "closest")
    assert {citation.note_file for citation in result.closest} == {"tom.txt"}


def test_nothing_is_looked_for_elsewhere_where_only_a_minute_is_asked_for(index: Index) -> None:
    """ "minute 20" was told of a passage that says "minutes", "not in around 20:00"."""
    shut = Answerer(index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=Thresholds(answer=2.0, closest=2.0))
    result = shut.ask("minute 20")
    assert isinstance(result, NotCovered)
    assert (result.reason, {c.seconds for c in result.closest}) == (NO_CLEAR_ANSWER, {1200})


def test_a_month_weighs_nothing_in_what_is_asked(index: Index) -> None:
    """What no passage says, a month that was understood as a date, spoke against every answer of that month."""
    by_exact = GateModel(
        mean=(0,) * FIELDS,
        scale=(1,) * FIELDS,
        weights=tuple(8.0 if field.name == "exact" else 0.0 for field in fields(Evidence)),
        bias=-4.0,
    )
    answerer = Answerer(index, FakeEmbedder(), None, gate=by_exact, thresholds=GATE)
    dated, plain = (answerer.retrieve(q).p_answerable for q in ("When do bees dance in June?", "When do bees dance?"))
    assert dated == plain
    assert answerer.retrieve("When do bees dance in Denver?").p_answerable < plain
