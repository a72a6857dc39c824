from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from bot.terminal.render_text import plain, render
from bot.terminal.topic_wording import STAGES, coverage, near_topics, telling
from rag.map_types import Coverage, TopicSummary
from rag.types import Episode, NotCovered, Sentence
from tests.bot.samples import SUMMARY


def episode(title: str) -> Episode:
    return Episode(id=title, show=None, title=title)


def summary(speaking: dict[str, int], silent: tuple[str, ...] = ()) -> TopicSummary:
    counted = tuple(Coverage(episode=episode(title), passages=n) for title, n in speaking.items())
    return replace(SUMMARY, coverage=counted, silent=tuple(map(episode, silent)))


def test_who_speaks_and_who_does_not() -> None:
    told = coverage(summary({"Bread": 4, "Bees": 1}, ("Venus",)))
    assert told == "2 of 3 episodes speak of it: mostly Bread (4 passages), Bees (1 passage). Nothing in Venus."


def test_one_that_speaks_alone() -> None:
    assert coverage(summary({"Bread": 2})) == "1 of 1 episodes speaks of it: Bread (2 passages)."


def test_many_are_counted_and_not_listed() -> None:
    many = {f"E{n}": 9 - n for n in range(5)}
    told = coverage(summary(many, ("A", "B", "C", "D")))
    assert told.endswith("E0 (9 passages), E1 (8 passages), E2 (7 passages) and 2 more. Nothing in the other 4.")


def test_nothing_is_said_where_nobody_counted() -> None:
    assert coverage(replace(SUMMARY, coverage=())) == ""


def test_a_terminal_shows_coverage_remarks_and_further_quotes() -> None:
    point = replace(SUMMARY.points[0], more=(Sentence(text="Rye rises slowly.", citations=(1,)),))
    told = plain(render(replace(summary({"Bread": 2}), points=(point,), remarks=("Much the same.",), searched="rye")))
    assert "“Rye rises slowly.” [1]" in told
    assert "1 of 1 episodes speaks of it" in told
    assert "Much the same." in told
    assert "Looked for: rye" in told


def test_a_refusal_shows_the_topics_there_are() -> None:
    assert near_topics(["red clover", "noon"]) == "Topics your notes do speak of: red clover, noon"
    assert near_topics([]) == ""
    refused = NotCovered(
        question="wasps", reason="No.", closest=(), absent_words=(), p_answerable=0.0, near_topics=("bees",)
    )
    assert "Topics your notes do speak of: bees" in plain(render(refused))


def test_a_pipe_is_told_no_stages_and_a_terminal_is() -> None:
    said = {}
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal)
        with telling(console) as watch:
            for stage in STAGES:
                watch.on_stage(stage)
            console.print("end")
        said[terminal] = console.file.getvalue()  # type: ignore[attr-defined]
    assert said[False] == "end\n"
    assert said[True] != "end\n"
