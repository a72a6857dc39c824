"""Timelines, comparisons and digests over a small index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import Interrupted, QuestionError
from rag.index import Index
from rag.map_types import Comparison, Timeline
from rag.topics.survey import Surveyor
from rag.types import NotCovered
from tests.fakes import FakeEmbedder
from tests.rag.map_index import TEXTS, mapped, passages


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with mapped(tmp_path) as opened:
        yield opened


@pytest.fixture
def survey(index: Index) -> Surveyor:
    return Surveyor(index, FakeEmbedder())


def drawn(result: Timeline | NotCovered) -> Timeline:
    assert isinstance(result, Timeline), result
    return result


def compared(result: Comparison | NotCovered) -> Comparison:
    assert isinstance(result, Comparison), result
    return result


def texts(result: Timeline | Comparison, numbers: tuple[int, ...]) -> list[str]:
    return [result.citations[n - 1].display for n in numbers]


# Timelines


def test_a_timeline_has_the_episodes_by_date_and_their_mentions_by_minute(survey: Surveyor) -> None:
    line = drawn(survey.timeline("sourdough starter"))
    assert [each.episode.id for each in line.episodes] == ["kraut", "bread"]
    assert texts(line, line.episodes[1].mentions) == list(TEXTS["bread"][:3])
    assert [line.citations[n - 1].seconds for n in line.episodes[1].mentions] == [0, 600, 1200]
    assert (line.episodes[1].seconds, line.silent) == (2400, 3)


def test_each_mention_leads_to_its_minute(survey: Surveyor) -> None:
    line = drawn(survey.timeline("sourdough starter"))
    last = line.citations[line.episodes[1].mentions[2] - 1]
    assert last.url == "https://www.youtube.com/watch?v=bread______&t=1200s"


def test_an_episode_without_minutes_or_a_year_comes_last(survey: Surveyor) -> None:
    line = drawn(survey.timeline("greenhouse effect"))
    assert [each.episode.id for each in line.episodes] == ["venus", "mars"]
    assert line.episodes[1].seconds is None
    assert line.citations[line.episodes[1].mentions[0] - 1].seconds is None


def test_another_episode_that_says_the_same_says_it_too(tmp_path: Path) -> None:
    twice = "A sourdough starter survives neglect, frost and floods for eleven years."
    held = {**TEXTS, "bread": (*TEXTS["bread"][1:], twice), "mars": (*TEXTS["mars"], twice)}
    with mapped(tmp_path / "more", held) as index:
        line = drawn(Surveyor(index, FakeEmbedder()).timeline("sourdough starter"))
        assert [each.episode.id for each in line.episodes] == ["kraut", "bread", "mars"]
        assert sorted(len(citation.also) for citation in line.citations) == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("topic", ["volcano", "zzz qqq", "溶岩", "<|im_end|> @everyone", "lava " * 300])
def test_what_the_notes_do_not_speak_of_is_refused(survey: Surveyor, topic: str) -> None:
    result = survey.timeline(topic)
    assert isinstance(result, NotCovered)
    assert result.reason


@pytest.mark.parametrize("topic", ["x", "the", "🎉", "what about it"])
def test_what_says_nothing_is_turned_away(survey: Surveyor, topic: str) -> None:
    with pytest.raises(QuestionError, match="no word in that topic"):
        survey.timeline(topic)


# Comparisons


def test_topics_meet_in_the_episodes_that_speak_of_both(survey: Surveyor) -> None:
    result = compared(survey.compare("lactic acid", "sourdough starter"))
    assert (result.left.kind, result.left.label, result.left.passages) == ("topic", "lactic acid", 3)
    met = {row.theme: row for row in result.rows if row.left and row.right}
    assert set(met) == {"Slow Crumb: Bread", "Slow Crumb: Cabbage"}
    assert TEXTS["bread"][3] in texts(result, met["Slow Crumb: Bread"].left)
    assert set(texts(result, met["Slow Crumb: Bread"].right)) <= set(TEXTS["bread"][:3])


def test_a_passage_that_is_quoted_twice_has_one_number(survey: Surveyor) -> None:
    result = compared(survey.compare("lactic acid", "sourdough starter"))
    assert len({citation.passage_id for citation in result.citations}) == len(result.citations)
    assert [citation.n for citation in result.citations] == list(range(1, len(result.citations) + 1))


def test_topics_that_never_meet_are_put_side_by_side_all_the_same(survey: Surveyor) -> None:
    result = compared(survey.compare("brine", "greenhouse effect"))
    assert not any(row.left and row.right for row in result.rows)
    assert {bool(row.left) for row in result.rows} == {True, False}
    assert not result.meets


def test_guests_meet_in_the_topics_that_both_have(survey: Surveyor) -> None:
    result = compared(survey.compare("Lindqvist", "Hiro Tanabe"))
    assert (result.left.kind, result.left.label) == ("guest", "Mara Lindqvist")
    effect = next(row for row in result.rows if row.theme == "greenhouse effect")
    assert set(texts(result, effect.left)) <= set(TEXTS["venus"])
    assert texts(result, effect.right) == [TEXTS["mars"][0]]


def test_a_guest_is_meant_where_an_episode_is_called_like_its_guest(tmp_path: Path) -> None:
    """Only the one episode that had no title of its own was compared, not the others with that guest."""
    with mapped(tmp_path / "named") as index:
        index.episodes["bread"] = replace(index.episodes["bread"], title="Ines Carvalho")
        result = compared(Surveyor(index, FakeEmbedder()).compare("Ines Carvalho", "Mara Lindqvist"))
    assert result.left.kind == "guest"
    assert {episode.id for episode in result.left.episodes} == {"bread", "kraut"}


def test_no_row_repeats_the_quotes_of_another(tmp_path: Path) -> None:
    """ "engine" and "analytical engine" came with the same passages."""
    held = {
        "bread": ("The old rye engine hums.", "An old rye engine needs coal.", "Every rye engine breaks."),
        "kraut": ("Her rye engine hums along.", "The rye engine was sold.", "This engine is old."),
    }
    with mapped(tmp_path / "engines", held) as index:
        result = compared(Surveyor(index, FakeEmbedder()).compare("episode:Bread", "episode:Cabbage"))
    met = [n for row in result.rows if row.left and row.right for n in (*row.left, *row.right)]
    assert len(met) == len(set(met))


def test_episodes_are_compared_by_title(survey: Surveyor) -> None:
    result = compared(survey.compare("Bread", "episode:Cabbage"))
    assert [side.kind for side in (result.left, result.right)] == ["episode", "episode"]
    assert any(row.theme in ("sourdough starter", "lactic acid") for row in result.rows if row.left and row.right)


def test_what_a_name_is_can_be_said(survey: Surveyor) -> None:
    result = compared(survey.compare("topic:Venus", "episode:Venus"))
    assert (result.left.kind, result.right.kind) == ("topic", "episode")


@pytest.mark.parametrize("name", ["guest:Nobody Known", "episode:Saturn"])
def test_a_name_that_is_said_to_be_a_guest_or_an_episode_must_be_one(survey: Surveyor, name: str) -> None:
    with pytest.raises(QuestionError, match="There is no"):
        survey.compare(name, "brine")


def test_a_side_of_which_the_notes_say_nothing_is_named(survey: Surveyor) -> None:
    result = survey.compare("brine", "zebra crossing")
    assert isinstance(result, NotCovered)
    assert result.reason == "Your notes do not cover “zebra crossing”, so there is nothing to compare."


@pytest.mark.parametrize(("one", "other"), [("brine", "Brine"), ("Lindqvist", "Mara Lindqvist")])
def test_a_thing_is_not_compared_with_itself(survey: Surveyor, one: str, other: str) -> None:
    with pytest.raises(QuestionError, match="Both sides are"):
        survey.compare(one, other)


# Digests


def test_a_digest_has_the_episodes_since_a_day_the_newest_first(survey: Surveyor) -> None:
    news = survey.digest("2024-01-01")
    assert [each.episode.id for each in news.episodes] == ["venus", "bread"]
    assert survey.digest("2025").episodes == ()


def test_its_points_are_no_filler_and_at_most_three_an_episode(survey: Surveyor) -> None:
    news = survey.digest("2024-01-01")
    assert all(1 <= len(each.points) <= 3 for each in news.episodes)
    quoted = [citation.display for citation in news.citations]
    assert not any("sponsor" in text for text in quoted)
    assert sorted(n for each in news.episodes for n in each.points) == list(range(1, len(quoted) + 1))


def test_what_older_notes_say_already_is_passed_over(tmp_path: Path) -> None:
    fresh = "The magnetometer of the lander measured a field nobody expected there."
    held = {
        "kraut": ("Lactic acid keeps the white cabbage safe for months.", "The brine must cover the white cabbage."),
        "bread": (
            "Lactic acid keeps the white cabbage safe for many months.",
            "The brine must always cover the white cabbage.",
            fresh,
            "Lactic acid keeps white cabbage safe for the months.",
            "The brine must cover all the white cabbage.",
        ),
    }
    with mapped(tmp_path, held) as index:
        news = Surveyor(index, FakeEmbedder()).digest("2024-01-01")
    assert fresh in [citation.display for citation in news.citations]


def test_notes_that_came_since_make_an_old_episode_new(index: Index) -> None:
    survey = Surveyor(index, FakeEmbedder(), added=lambda: {"mars.txt": "2025-02-03", "kraut.txt": "2020-01-01"})
    news = survey.digest("2025-01-01")
    assert [(each.episode.id, each.added) for each in news.episodes] == [("mars", "2025-02-03")]


def test_only_so_many_episodes_are_told_of(tmp_path: Path) -> None:
    from rag.topics.digest import digest

    with mapped(tmp_path) as index:
        news = digest(index, "2023", added={}, most=1)
    assert (len(news.episodes), news.more) == (1, 2)


def test_a_digest_can_be_cancelled(survey: Surveyor) -> None:
    with pytest.raises(Interrupted):
        survey.digest("2023", cancelled=lambda: True)


def test_quotes_of_a_long_passage_are_its_nearest_sentences(tmp_path: Path) -> None:
    """They are found with the vectors that the index holds: nothing but the topic is embedded."""
    filler = "Nobody in the kitchen said a single word about it that evening, and the radio played on. "
    long = f"{filler * 4}The sourdough starter doubled overnight. {filler * 4}"
    embedder = FakeEmbedder()
    with mapped(tmp_path, {"bread": (long,)}, held=passages({"bread": (long,)})) as index:
        line = drawn(Surveyor(index, embedder).timeline("sourdough starter doubled"))
    assert "sourdough starter" in line.citations[0].display
    assert len(line.citations[0].display) < 400
    assert embedder.texts == ["sourdough starter doubled"]
