"""Results as lines of text."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from bot.terminal.render_text import citations_in_full, episode_list, plain, render, show, surroundings
from rag.types import Filter, Sentence
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT, LOAF, NOTHING, SUMMARY, VENUS


def printed(width: int = 60, *, terminal: bool = True, **options: object) -> str:
    """The answer as a console of that width prints it."""
    console = Console(
        file=io.StringIO(), width=width, force_terminal=terminal, color_system="truecolor" if terminal else None
    )
    show(console, render(replace(ANSWER, **options)))  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_an_answer_in_full() -> None:
    assert plain(render(ANSWER)).splitlines() == [
        "From your notes:",
        "",
        "  “The surface is at 464 °C.” [1]",
        "  Bread is done at 96 °C. [1] [2]",
        "",
        "What stands in quotation marks is your notes' own words; the rest is a model's wording, checked against the "
        "sources it cites.",
        "",
        "Sources",
        "  [1] Clear Skies Tonight: Venus (10 Sep) · 1:07:30 · venus.txt:12-13",
        "      https://www.youtube.com/watch?v=VenusEp0041&t=4050s  (link from venus-links.txt)",
        "  [2] Bread · bread.md:4",
    ]


def test_the_closest_notes_in_full() -> None:
    assert plain(render(CLOSEST)).splitlines() == [
        "Your notes don't answer this.",
        "Words that occur nowhere in your notes: pluto, dwarf",
        "",
        "What comes closest:",
        "",
        "  “The surface is at 464 °C.” [1]",
        "      Clear Skies Tonight: Venus (10 Sep) · 1:07:30 · venus.txt:12-13",
        "      https://www.youtube.com/watch?v=VenusEp0041&t=4050s  (link from venus-links.txt)",
    ]


def test_nothing_near_is_one_sentence() -> None:
    assert plain(render(NOTHING)) == "Your notes don't cover this."


def test_a_follow_up_says_what_was_looked_for() -> None:
    assert "Looked for: how hot is Venus" in plain(render(replace(ANSWER, searched="how hot is Venus")))
    assert "Looked for" not in plain(render(replace(ANSWER, searched=ANSWER.question)))


def test_a_topic_in_full() -> None:
    assert plain(render(SUMMARY)).splitlines() == [
        "What your notes say about heat, from 2 episodes:",
        "",
        "Planets",
        "  “The surface is at 464 °C.” [1]",
        "",
        "Baking",
        "  “done at 96 °C” [2]",
        "",
        "Sources",
        "  [1] Clear Skies Tonight: Venus (10 Sep) · 1:07:30 · venus.txt:12-13",
        "      https://www.youtube.com/watch?v=VenusEp0041&t=4050s  (link from venus-links.txt)",
        "  [2] Bread · bread.md:4",
        "",
        "Episodes",
        "  Clear Skies Tonight: Venus (10 Sep 2023)",
        "  Ines Carvalho",
    ]


def test_episodes_stand_under_their_show() -> None:
    assert plain(episode_list([VENUS, LOAF])).splitlines() == [
        "2 episodes from 3 notes",
        "",
        "Clear Skies Tonight",
        "  Venus (10 Sep 2023) · Mara Lindqvist · 2 notes",
        "      https://example.org/venus",
        "",
        "Show not named",
        "  Ines Carvalho · 1 note",
    ]


def test_no_episodes_is_a_sentence() -> None:
    assert plain(episode_list([])) == "There are no episodes in your notes yet."


def test_sources_show_the_quote_as_it_stands_in_the_file() -> None:
    assert plain(citations_in_full([HEAT, BREAD])).splitlines() == [
        "  [1] Clear Skies Tonight: Venus (10 Sep) · 1:07:30 · venus.txt:12-13",
        "      https://www.youtube.com/watch?v=VenusEp0041&t=4050s  (link from venus-links.txt)",
        "      The surface is at",
        "        464 °C.",
        "",
        "  [2] Bread · bread.md:4",
        "      - done at 96 °C",
    ]


def test_numbers_and_addresses_are_links_on_a_terminal() -> None:
    links = [part for part in printed().split("\x1b]8;")[1:] if "https://" in part]
    assert all("https://www.youtube.com/watch?v=VenusEp0041&t=4050s" in part for part in links)
    assert any("[1]" in part for part in links)


def test_a_wrapped_line_keeps_its_indent() -> None:
    sentence = Sentence(text="word " * 40, citations=(1,))
    lines = printed(width=60, sentences=(sentence,), citations=(BREAD,)).splitlines()
    wrapped = [line for line in lines if "word" in line]
    assert len(wrapped) > 3
    assert all(line.startswith("  ") for line in wrapped)


def test_what_goes_to_a_file_has_no_escapes_and_no_added_breaks() -> None:
    sentence = Sentence(text="word " * 40 + "end", citations=(1,))
    text = printed(width=20, terminal=False, sentences=(sentence,))
    assert "\x1b" not in text
    assert f"  “{'word ' * 40}end” [1]" in text.splitlines()


def test_notes_cannot_steer_the_terminal() -> None:
    """Notes may hold anything: a quote must not clear the screen, a title not set a link, rich markup not colour."""
    evil = "\x1b[2J\x1b]8;;https://evil.example\x07[red]x[/red]\x9b31m"
    citation = replace(HEAT, episode=evil, note_file=evil, quote=evil, display=evil, url=evil, url_note=evil, date=evil)
    answer = replace(
        ANSWER, lead_in=evil, sentences=(Sentence(text=evil, citations=(1,)),), citations=(citation,), searched=evil
    )
    for lines in (
        render(answer),
        render(replace(CLOSEST, closest=(citation,), absent_words=(evil,), reason=evil)),
        render(replace(SUMMARY, topic=evil, citations=(citation,))),
        episode_list([replace(VENUS, title=evil, show=evil, guests=(evil,), urls=(evil,))]),
        citations_in_full([citation]),
    ):
        text = plain(lines)
        assert "[red]x[/red]" in text
        assert not {c for c in text if c < " " and c != "\n"} | ({"\x07", "\x9b"} & set(text))
        assert not [span for line in lines for span in line.text.spans if "evil" in str(span.style)]


FILTERED = replace(
    CLOSEST,
    searched="How hot is Pluton?",
    filters=(Filter(kind="guest", label="Mara", hard=True), Filter(kind="date", label="September", hard=False)),
    remarks=("I found no clear answer to this part: why?",),
    did_you_mean=("Plutarch",),
    near_episodes=("Clear Skies Tonight: Venus",),
)


def test_what_was_searched_is_always_said() -> None:
    text = plain(render(FILTERED))
    for line in (
        "Did you mean Plutarch?",
        "Looked for: How hot is Pluton?",
        "Searched: Mara",
        "Preferred: September",
        "I found no clear answer to this part: why?",
        "Episodes that come nearest: Clear Skies Tonight: Venus",
    ):
        assert line in text.splitlines()
    answered = plain(render(replace(ANSWER, filters=FILTERED.filters, remarks=FILTERED.remarks)))
    assert "Searched: Mara\nPreferred: September\nI found no clear answer to this part: why?" in answered


def test_around_a_quote_stand_the_passages_before_and_behind_it() -> None:
    lines = surroundings(replace(HEAT, whole="All of it.", before=("One.", "Two."), after=("Three.",)))
    assert [line.text.plain for line in lines][-4:] == ["One.", "Two.", "All of it.", "Three."]
    assert [line.text.plain for line in surroundings(HEAT)][-1] == HEAT.display
