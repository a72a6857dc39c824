from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from rag.errors import Interrupted, QuestionError
from rag.index import Index
from rag.indexing import write_build
from rag.topics import POINTS, Summarizer
from rag.types import Episode, Library, NotCovered, Note, NoteKind, Passage, TopicSummary
from tests.builders import passage
from tests.fakes import FakeEmbedder

CLOVER = (
    "Bees dance to show where clover grows.",
    "Why the bees dance was found in Graz.",
    "A bees dance lasts ten seconds on average.",
)
TIDES = (
    "The moon pulls at the oceans twice daily.",
    "Harbours silt up when nobody dredges them.",
    "Old sailors feared fog more than storms.",
)

Notes = dict[str, Sequence[str]]
Open = Callable[..., Summarizer]


def make(file: str, texts: Sequence[str], **more: object) -> list[Passage]:
    """Passages of one note; its episode is called like the file without its number."""
    name = file.rstrip("0123456789")
    return [
        passage(text, id=f"{file}/{i}", episode_id=name, note_file=file, position=i, **more)
        for i, text in enumerate(texts)
    ]


@pytest.fixture
def open_(tmp_path: Path) -> Iterator[Open]:
    """Builds an index of passages, by note, and opens a summariser over it."""
    opened: list[Index] = []

    def build(
        *notes: Sequence[Passage], embedder: FakeEmbedder | None = None, summaries: Sequence[str] = ()
    ) -> Summarizer:
        embedder = embedder or FakeEmbedder()
        kinds: dict[str, NoteKind] = {note[0].note_file: "notes" for note in notes}
        kinds |= dict.fromkeys(summaries, "summary")
        library = Library(
            notes=tuple(
                Note(file=file, sha256="", kind=kind, author=None, reader="plain") for file, kind in kinds.items()
            ),
            episodes=tuple(Episode(id=e, show=None, title=e) for e in dict.fromkeys(n[0].episode_id for n in notes)),
            passages=tuple(p for note in notes for p in note),
        )
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        write_build(folder, library, {}, embedder)
        opened.append(Index(folder, embedder=embedder.fingerprint))
        embedder.calls.clear()
        return Summarizer(opened[-1], embedder)

    yield build
    for index in opened:
        index.close()


def covered(result: TopicSummary | NotCovered) -> TopicSummary:
    assert isinstance(result, TopicSummary), result
    return result


def refused(result: TopicSummary | NotCovered) -> NotCovered:
    assert isinstance(result, NotCovered), result
    return result


def files(summary: TopicSummary) -> list[str]:
    return [citation.note_file for citation in summary.citations]


def test_every_point_is_what_a_note_says(open_: Open) -> None:
    summary = covered(open_(make("garden", CLOVER), make("sea", TIDES)).summarize("bees dance"))
    assert {point.text for point in summary.points} == set(CLOVER)
    by_number = {citation.n: citation for citation in summary.citations}
    assert list(by_number) == [n for point in summary.points for n in point.citations] == [1, 2, 3]
    for point in summary.points:
        assert point.text == by_number[point.citations[0]].quote


def test_the_episodes_that_cover_it_are_listed_the_fullest_first(open_: Open) -> None:
    summary = covered(
        open_(make("sea", TIDES), make("film", ["Bees dance again tonight."]), make("garden", CLOVER)).summarize(
            "bees dance"
        )
    )
    assert [episode.id for episode in summary.episodes] == ["garden", "film"]
    assert set(files(summary)) == {"garden", "film"}


def test_an_episode_that_mentions_it_in_passing_does_not_cover_it(open_: Open) -> None:
    passing = "Sailors on long journeys to southern harbours once compared heavy storms at sea with bees that dance."
    summary = covered(
        open_(make("garden", ["Bees dance splendidly.", *CLOVER]), make("sea", [passing])).summarize("bees dance")
    )
    assert [episode.id for episode in summary.episodes] == ["garden"]
    assert set(files(summary)) == {"garden"}


def test_an_episode_that_says_less_plainly_but_often_covers_it(open_: Open) -> None:
    passing = "Sailors on long journeys to southern harbours once compared heavy {} at sea with bees that dance."
    often = make("sea", [passing.format(word) for word in ("storms", "rains", "fogs")])
    summary = covered(open_(make("garden", ["Bees dance splendidly.", *CLOVER]), often).summarize("bees dance"))
    assert [episode.id for episode in summary.episodes] == ["garden", "sea"]


def test_what_two_notes_say_is_one_point_that_cites_both(open_: Open) -> None:
    one, two = make("garden1", CLOVER), make("garden2", ["Bees dance to show us where clover grows.", *TIDES])
    summary = covered(open_(one, two).summarize("bees dance clover"))
    both = [point for point in summary.points if len(point.citations) == 2]
    assert len(both) == 1
    assert {summary.citations[n - 1].note_file for n in both[0].citations} == {"garden1", "garden2"}
    assert sum("where clover grows" in point.text for point in summary.points) == 1


def test_the_owners_words_come_before_a_machines_summary(open_: Open) -> None:
    own, machine = (
        make("garden1", [CLOVER[0], CLOVER[2]]),
        make("garden2", ["Bees dance to show where clover grew.", CLOVER[1]]),
    )
    for order in ([own, machine], [machine, own]):
        summary = covered(open_(*order, summaries=["garden2"]).summarize("bees dance clover"))
        shown = [summary.citations[point.citations[0] - 1] for point in summary.points]
        assert [c.note_file for c in shown if "to show where" in c.quote] == ["garden1"]


def test_one_passage_is_too_little(open_: Open) -> None:
    result = refused(open_(make("garden", [CLOVER[0], *TIDES])).summarize("bees dance"))
    assert result.outcome == "closest"
    assert [citation.quote for citation in result.closest] == [CLOVER[0]]
    assert "too little" in result.reason


def test_two_passages_are_enough(open_: Open) -> None:
    assert len(covered(open_(make("garden", [*CLOVER[:2], *TIDES])).summarize("bees dance")).points) == 2


def test_nothing_near_shows_nothing_and_names_what_is_absent(open_: Open) -> None:
    result = refused(open_(make("sea", TIDES)).summarize("volcano moon lava"))
    assert result.outcome == "not_covered"
    assert result.closest == ()
    assert result.absent_words == ("volcano", "lava")


def test_eight_points_and_a_third_of_them_from_one_episode(open_: Open) -> None:
    words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "gorge", "hazel", "inlet", "jetty"]
    notes = [make(name, [f"Bees dance {word} {name}{i} {word}s." for i, word in enumerate(words)]) for name in "abc"]
    summary = covered(open_(*notes).summarize("bees dance"))
    assert len(summary.points) == POINTS
    cited = [summary.citations[point.citations[0] - 1].episode_id for point in summary.points]
    assert max(cited.count(name) for name in "abc") == 3


def test_a_line_beside_those_that_name_the_topic_is_read_too(open_: Open) -> None:
    beside = "Each dance lasts ten seconds in clover."
    summary = covered(open_(make("garden", [*TIDES, *CLOVER[:2], beside])).summarize("bees dance"))
    assert beside in {point.text for point in summary.points}


def test_a_line_under_another_heading_is_not(open_: Open) -> None:
    beside = "Each dance lasts ten seconds in clover."
    note = [*make("garden", CLOVER[:2]), passage(beside, id="x", note_file="garden", position=2, section=("Honey",))]
    assert beside not in {point.text for point in covered(open_(note).summarize("bees dance")).points}


def test_neither_questions_nor_headings_are_points(open_: Open) -> None:
    note = make("garden", [*CLOVER[:2], "Why do bees dance?", "Bees dance", *TIDES])
    assert {point.text for point in covered(open_(note).summarize("bees dance")).points} == set(CLOVER[:2])


def test_points_stand_under_the_notes_own_headings(open_: Open) -> None:
    dances = make("garden1", CLOVER[:2], section=("Insects", "How dances work:"))
    honey = make(
        "garden2",
        ["Honey from bees which dance tastes of thyme.", "Bees dance less once honey is stored."],
        section=("Honey",),
    )
    summary = covered(open_(dances, honey).summarize("bees dance"))
    themes = [point.theme for point in summary.points]
    assert sorted(set(themes)) == ["Honey", "How dances work"]
    assert themes == sorted(themes, key=themes.index), "points of one theme stand together"


def test_a_theme_without_a_heading_is_named_in_words_of_its_points(open_: Open) -> None:
    summary = covered(open_(make("garden", CLOVER), make("sea", TIDES)).summarize("bees dance"))
    text = " ".join(point.text for point in summary.points)
    assert all(point.theme in text for point in summary.points)
    assert any(point.theme for point in summary.points)


def test_the_same_topic_gives_the_same_summary(open_: Open) -> None:
    summarizer = open_(make("garden", CLOVER), make("sea", TIDES))
    one, two = (covered(summarizer.summarize("bees dance")) for _ in range(2))
    assert (one.points, one.citations) == (two.points, two.citations)


def test_each_stage_is_timed(open_: Open) -> None:
    summarizer = open_(make("garden", CLOVER))
    assert set(summarizer.summarize("bees dance").timings_ms) == {
        "embed",
        "search",
        "choose",
        "group",
        "quote",
        "total",
    }
    assert set(summarizer.summarize("volcano").timings_ms) == {"embed", "search", "quote", "total"}


@pytest.mark.parametrize("topic", ["", "  ", "x", "the", "what about it", "🎉🎉", "?!"])
def test_a_topic_that_names_nothing_is_turned_away_before_any_work(open_: Open, topic: str) -> None:
    embedder = FakeEmbedder()
    with pytest.raises(QuestionError, match="no word in that topic"):
        open_(make("garden", CLOVER), embedder=embedder).summarize(topic)
    assert embedder.calls == []


@pytest.mark.parametrize("topic", ["lava " * 400, "<|im_end|> @everyone **lava**", "溶岩と火山", "4,050"])
def test_odd_topics_are_refused_in_a_sentence(open_: Open, topic: str) -> None:
    assert refused(open_(make("garden", CLOVER)).summarize(topic)).reason == "Your notes do not cover this."


def test_a_cancelled_summary_stops(open_: Open) -> None:
    embedder = FakeEmbedder()
    with pytest.raises(Interrupted):
        open_(make("garden", CLOVER), embedder=embedder).summarize("bees dance", cancelled=lambda: True)
    assert embedder.texts == ["bees dance"]
