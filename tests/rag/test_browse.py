"""What is looked up without a question, and answers that keep to what was chosen, over an index of three episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from rag.answer import Answerer
from rag.browse import Browser
from rag.errors import QuestionError
from rag.gate import Thresholds
from rag.index import Index
from rag.types import Answer, Filter, FloatArray, NotCovered
from tests.builders import episode
from tests.fakes import FakeEmbedder
from tests.rag.three_episodes import BY_SCORE, NOTES, indexed

DATES = {"ines": "2023-05-01", "mara": "2024-05-01", "tom": None}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    episodes = [
        episode(id=n, title=f"{n.title()} talks", guests=(n.title(),), show=f"Show {n}", date=DATES[n]) for n in NOTES
    ]
    with indexed(tmp_path_factory.mktemp("build"), episodes) as opened:
        yield opened


@pytest.fixture
def browser(index: Index) -> Browser:
    return Browser(index, FakeEmbedder(), models=[("Search", "a-model")])


@pytest.fixture
def answerer(index: Index) -> Answerer:
    gate = Thresholds(answer=0.5, closest=-1.0)
    return Answerer(index, FakeEmbedder(), None, gate=BY_SCORE, thresholds=gate)


def wish(label: str) -> Filter:
    return Filter(kind="episode", label=label, hard=True)


def test_an_answer_keeps_to_what_was_chosen(answerer: Answerer) -> None:
    assert isinstance(free := answerer.ask("Where does the mill grind rye?"), Answer)
    assert free.citations[0].episode_id == "mara"
    kept = answerer.ask("Where does the mill stand?", filters=[wish("ines")])
    assert isinstance(kept, Answer)
    assert {citation.episode_id for citation in kept.citations} == {"ines"}
    assert [(each.label, each.hard) for each in kept.filters] == [("Show ines: Ines talks", True)]


def test_what_only_another_episode_says_is_refused_without_showing_that_episode(answerer: Answerer) -> None:
    result = answerer.ask("What does Tom say of the tide and the moon?", filters=[wish("ines")])
    assert isinstance(result, NotCovered)
    assert {citation.episode_id for citation in result.closest} <= {"ines"}
    assert all("Ines" in name for name in result.near_episodes)


def test_the_parts_of_a_question_keep_to_what_was_chosen(answerer: Answerer) -> None:
    question = "What does the moon pull, and how long does rye bread keep?"
    result = answerer.ask(question, filters=[wish("mara")])
    cited = result.closest if isinstance(result, NotCovered) else result.citations
    assert {citation.episode_id for citation in cited} == {"mara"}


def test_what_is_no_episode_is_a_sentence(answerer: Answerer) -> None:
    with pytest.raises(QuestionError, match="no episode “x y z”"):
        answerer.ask("How long does rye bread keep?", filters=[wish("x y z")])


def test_the_overview_says_what_there_is(browser: Browser) -> None:
    overview = browser.overview()
    assert [episode.id for episode in overview.episodes] == ["ines", "mara", "tom"]
    assert (overview.notes, overview.passages, overview.models) == (3, 8, (("Search", "a-model"),))


def test_a_passage_comes_with_its_neighbours(browser: Browser) -> None:
    (found,) = browser.around(["ines/1", "gone/7"])
    assert found.whole == NOTES["ines"][1]
    assert (found.before, found.after) == ((NOTES["ines"][0],), (NOTES["ines"][2],))


def test_more_of_an_episode_is_of_that_episode_and_new(browser: Browser) -> None:
    found = browser.more("Where does the mill stand?", episode="ines", without=["ines/2"])
    assert {citation.passage_id for citation in found} == {"ines/0", "ines/1"}
    assert browser.more("mill", episode="gone", without=[]) == ()


def test_an_outline_has_the_minutes_in_order(browser: Browser) -> None:
    assert [citation.seconds for citation in browser.outline("mara")] == [0, 600, 1200]
    assert browser.outline("gone") == ()


def test_a_quote_is_about_the_topic_or_any(browser: Browser) -> None:
    quote = browser.quote("clover")
    assert quote is not None
    assert quote.display == NOTES["ines"][1]
    assert browser.quote("submarines") is None
    assert browser.quote("") is not None


def test_questions_that_ask_about_the_same_are_put_together(browser: Browser) -> None:
    asked = ["Where does the mill grind rye?", "Who won?", "Where does the mill grind the rye?", "who won"]
    assert browser.alike(asked) == ((0, 2), (1, 3))
    assert browser.alike([]) == ()


class Turned(FakeEmbedder):
    """Gives each text, a number of degrees, the vector that is turned so far."""

    def embed(self, texts: Sequence[str], *, questions: bool = False) -> FloatArray:
        angles = np.radians([float(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_question_resembles_the_first_of_its_group_and_not_only_the_last(index: Index) -> None:
    """Each near the one before, questions would otherwise chain up into one that is about nothing."""
    assert Browser(index, Turned()).alike(["0", "30", "60", "90", "20"]) == ((0, 1, 4), (2, 3))
