from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord_render import DESCRIPTION_LIMIT, place_in_line, render
from bot.discord_text import length, link, safe
from bot.worker import Place
from rag.types import Answer, Citation, Filter, NotCovered, Sentence, TopicPoint, TopicSummary
from tests.bot.samples import ANSWER, CLOSEST, HEAT, NOTHING, SUMMARY, VENUS

HOSTILE = (
    "[a] [click](https://evil.example) https://evil.example <https://evil.example> @everyone @here "
    "<@123456789012345678> <@&123456789012345678> <#123456789012345678> <t:1> **b** __u__ ~~s~~ ||x|| `c` "
    "\u202egnp.exe\u202c zero\u200bwidth\ufeff\u2066 \\[back](https://evil.example)\n# heading\n> quote\n- list\n```"
)
URL = HEAT.url

_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]\\]|\\.)*\]\(([^()\s]*)\)")
_SPECIAL = re.compile(r"(?<!\\)(?:\\\\)*[*_~`|<>#\[\]]")


def description(result: Answer | NotCovered | TopicSummary) -> str:
    text = render(result).description
    assert text
    return text


def many(count: int, *, text: str = "Words " * 30, citation: Citation = HEAT) -> Answer:
    numbers = range(1, count + 1)
    return replace(
        ANSWER,
        sentences=tuple(Sentence(text=f"{text} {n}.", citations=(n,)) for n in numbers),
        citations=tuple(replace(citation, n=n) for n in numbers),
    )


def test_an_answer_quotes_and_links_episode_and_minute() -> None:
    assert description(ANSWER).splitlines() == [
        "> How hot is it?",
        "",
        "From your notes:",
        "",
        "“The surface is at 464 °C.” [1]",
        "Bread is done at 96 °C. [1] [2]",
        "",
        "**Sources**",
        f"[1] **[Clear Skies Tonight: Venus]({URL})** · 10 Sep · [1:07:30]({URL}) · venus.txt lines 12-13",
        "[2] **Bread** · bread.md line 4",
    ]


def test_the_three_outcomes_differ_in_colour_and_in_the_words_of_the_title() -> None:
    embeds = [render(result) for result in (ANSWER, CLOSEST, NOTHING)]
    assert len({embed.colour for embed in embeds}) == 3
    titles = [embed.title or "" for embed in embeds]
    assert "From your notes" in titles[0]
    assert "No clear answer" in titles[1]
    assert "Not in your notes" in titles[2]
    assert len({title[0] for title in titles}) == 3


def test_closest_shows_what_is_near_and_the_words_that_occur_nowhere() -> None:
    text = description(CLOSEST)
    assert "Your notes don't answer this." in text
    assert "Words that occur nowhere in your notes: pluto, dwarf" in text
    assert "“The surface is at 464 °C.” [1]" in text
    assert f"[1:07:30]({URL})" in text


def test_not_covered_is_short() -> None:
    assert len(description(NOTHING)) < 200


def test_what_was_looked_for_is_said_only_where_it_differs_from_the_question() -> None:
    assert "Looked for" not in description(replace(ANSWER, searched=ANSWER.question))
    assert "Looked for: heat of the planet" in description(replace(ANSWER, searched="heat of the planet"))


def test_a_topic_is_grouped_by_theme() -> None:
    points = (
        TopicPoint(text="one", citations=(1,), theme="Light"),
        TopicPoint(text="two", citations=(1,), theme="Light"),
        TopicPoint(text="three", citations=(1,), theme="Warmth"),
    )
    text = description(replace(SUMMARY, points=points))
    assert "**Light**\n“one” [1]\n“two” [1]\n\n**Warmth**\n“three” [1]\n\n**Sources**\n[1]" in text
    assert "3 points, 2 episodes" in text


def test_episodes_are_listed_under_their_show_with_date_link_and_number_of_notes() -> None:
    embed = render([VENUS])
    assert embed.title == "🎧 Episodes in your notes (1)"
    assert embed.description == (
        "**Clear Skies Tonight**\n• [Venus](https://example.org/venus) · 10 Sep 2023 · 2 notes"
    )
    assert "no episodes" in (render([]).description or "")


def test_a_long_list_of_episodes_ends_with_how_many_are_missing() -> None:
    text = render([replace(VENUS, title=f"Episode {n}") for n in range(300)]).description or ""
    shown = text.count("• ")
    assert 20 < shown < 300
    assert length(text) <= DESCRIPTION_LIMIT
    assert text.endswith(f"*{300 - shown} episodes more did not fit here.*")


def test_what_does_not_fit_is_left_out_with_its_source_and_counted() -> None:
    text = description(many(30))
    assert length(text) <= DESCRIPTION_LIMIT
    listed = re.findall(r"^\[(\d+)\] \*\*", text, re.MULTILINE)
    quoted = re.findall(r"^“.*” \[(\d+)\]$", text, re.MULTILINE)
    assert listed == quoted == [str(n) for n in range(1, len(listed) + 1)]
    assert text.endswith(f"*{30 - len(listed)} statements more did not fit here.*")


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE * 100, "😀" * 5000, "[" * 5000, "word" * 5000])
def test_hostile_or_endless_text_keeps_the_limits_and_makes_no_link(text: str) -> None:
    citation = replace(HEAT, show=text, episode=text, note_file=text, display=text, date=text)
    answer = replace(many(4, text=text, citation=citation), question=text, lead_in=text, searched=text + "x")
    refusal = replace(CLOSEST, question=text, reason=text, closest=(citation,), absent_words=(text, text))
    points = (TopicPoint(text=text, citations=(1,), theme=text),)
    topic = replace(SUMMARY, topic=text, points=points, citations=(citation,))
    for result in (answer, refusal, replace(refusal, closest=()), topic):
        shown = description(result)
        assert length(shown) <= DESCRIPTION_LIMIT
        assert set(_LINK.findall(shown)) <= {URL}
        assert not re.search(r"https?://evil", shown)
        assert not re.search(r"@(everyone|here)|(?<!\\)<|[\u202a-\u202e\u2066-\u2069\ufeff]", shown)
    assert "[1] **" in description(answer)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://example.org/" + "a" * 3000,
        "https://exa mple.org/",
        "https://ex\u202eample.org/",
        "https://exämple.org/",
        "not a url",
        "",
        None,
    ],
)
def test_only_plain_web_addresses_become_links(url: str | None) -> None:
    assert link("Title", url) == "Title"


def test_an_address_cannot_end_its_link_early() -> None:
    assert link("T", "https://example.org/a)b(c[d]") == "[T](https://example.org/a%29b%28c%5Bd%5D)"


def test_a_label_cannot_end_its_link_early() -> None:
    assert link("T](https://evil.example)", URL) == f"[T)(https\\://evil.example)]({URL})"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1:07:30 and a-b 3.5", "1:07:30 and a-b 3.5"),
        ("two\nlines\t here", "two lines here"),
        ("snake_case*", "snake\\_case\\*"),
        ("https://x.org", "https\\://x.org"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("👩‍👩‍👧 ❤️ é नमस्ते", "👩‍👩‍👧 ❤️ é नमस्ते"),
        ("pass\u200dword", "password"),
        ("@everyone", "@\u200beveryone"),
    ],
)
def test_text_is_escaped_no_more_than_needed(text: str, shown: str) -> None:
    assert safe(text) == shown


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=400), limit=st.integers(min_value=20, max_value=200))
def test_safe_text_is_one_line_within_the_limit_without_live_markup(text: str, limit: int) -> None:
    shown = safe(text, limit)
    assert length(shown) <= limit
    assert "\n" not in shown
    assert not _SPECIAL.search(re.sub(r"\\[^0-9A-Za-z\s]", "", shown))


@pytest.mark.parametrize(
    ("position", "seconds", "loading", "text"),
    [
        (3, 21.0, False, "⏳ You are third in line, about 20 s."),
        (2, 0.2, False, "⏳ You are second in line, about 1 s."),
        (12, 200.0, False, "⏳ You are number 12 in line, about 3 min."),
        (1, 4.0, False, "⏳ It is your turn: I am looking through the notes."),
        (1, 4.0, True, "⏳ I am just starting up. You are first in line."),
    ],
)
def test_place_in_line(position: int, seconds: float, loading: bool, text: str) -> None:
    assert place_in_line(Place(position=position, seconds=seconds, loading=loading)) == text


def test_what_was_searched_is_said_safely() -> None:
    filters = (Filter(kind="guest", label="@everyone *Mara*", hard=True), Filter(kind="date", label="May", hard=False))
    refused = replace(
        CLOSEST, filters=filters, remarks=("Cut.",), did_you_mean=("Venus",), near_episodes=("Clear Skies",)
    )
    for result in (refused, replace(ANSWER, filters=filters, remarks=("Cut.",))):
        description = render(result).description or ""
        assert "Preferred: May\nCut." in description
        assert "Searched: " in description
        assert "@everyone *Mara*" not in description
    description = render(refused).description or ""
    assert "Did you mean Venus?" in description
    assert "Episodes that come nearest: Clear Skies" in description
