from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discord.layout import DESCRIPTION_LIMIT
from bot.discord.render import covered_now, erased, place_in_line, render, writing, wrong_citation
from bot.discord.text import length, link, safe
from bot.line.worker import Place
from bot.state.conversations import Asked, Cited, Kept
from bot.state.conversations import Place as Where
from bot.state.subscriptions import Subscription
from rag.map_types import Coverage, TopicPoint, TopicSummary
from rag.types import LEAD_IN, Answer, Citation, Episode, Filter, NotCovered, Sentence
from tests.bot.samples import ANSWER, CLOSEST, HEAT, NOTHING, SUMMARY

HOSTILE = (
    "[a] [click](https://evil.example) https://evil.example <https://evil.example> @everyone @here "
    "<@123456789012345678> <@&123456789012345678> <#123456789012345678> <t:1> **b** __u__ ~~s~~ ||x|| `c` "
    "\u202egnp.exe\u202c zero\u200bwidth\ufeff\u2066 \\[back](https://evil.example)\n# heading\n> quote\n- list\n```"
)
URL = HEAT.url

_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]\\]|\\.)*\]\(([^()\s]*)\)")
_SPECIAL = re.compile(r"(?<!\\)(?:\\\\)*[*_~`|<>#\[\]]")


def description(result: Answer | NotCovered | TopicSummary) -> str:
    text = render(result)[0].description
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
        "",
        "Bread is done at 96 °C. [1] [2]",
        "",
        "-# Sources",
        f"**[Clear Skies Tonight: Venus]({URL})** · 10 Sep",
        f"[1] [1:07:30]({URL}) · venus.txt lines 12-13",
        "**Bread**",
        "[2] bread.md line 4",
    ]


def test_whose_words_an_answer_is_in_stands_below_it() -> None:
    note = "the rest is a model's wording, checked against the sources it cites."
    assert (render(ANSWER)[0].footer.text or "").endswith(note)
    assert render(replace(ANSWER, sentences=ANSWER.sentences[:1]))[0].footer.text is None


def test_an_opening_that_says_no_more_than_the_title_is_left_out() -> None:
    assert LEAD_IN not in description(replace(ANSWER, lead_in=LEAD_IN))
    assert "Your notes say 3, not 4:" in description(replace(ANSWER, lead_in="Your notes say 3, not 4:"))


def test_places_in_one_note_share_a_line_and_an_episode_is_named_once() -> None:
    citations = (HEAT, replace(HEAT, n=2, line_start=20, line_end=20, seconds=None), replace(HEAT, n=3, note_file="x"))
    sentences = tuple(Sentence(text="Hot.", citations=(n,)) for n in (1, 2, 3))
    text = description(replace(ANSWER, sentences=sentences, citations=citations))
    assert text.count("Clear Skies Tonight") == 1
    assert text.endswith(
        f"venus.txt: [1] [1:07:30]({URL}), lines 12-13 · [2] line 20\n[3] [1:07:30]({URL}) · x lines 12-13"
    )


def test_the_three_outcomes_differ_in_colour_and_in_the_words_of_the_title() -> None:
    embeds = [render(result)[0] for result in (ANSWER, CLOSEST, NOTHING)]
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
    assert "**Light**\n- “one” [1]\n- “two” [1]\n\n**Warmth**\n- “three” [1]\n\n-# Sources\n" in text
    assert "3 points, 2 episodes" in text


def test_a_topic_shows_further_quotes_coverage_and_remarks() -> None:
    more = (Sentence(text="two", citations=(1,)),)
    points = (TopicPoint(text="one", citations=(1,), theme="Light", more=more),)
    venus = Episode(id="venus", show=None, title="Venus")
    text = description(
        replace(
            SUMMARY,
            points=points,
            coverage=(Coverage(episode=venus, passages=2),),
            silent=(),
            remarks=("Much the same is said twice.",),
            searched="venus",
        )
    )
    assert "- “one” [1]\n  - “two” [1]" in text
    assert "1 of 1 episodes speaks of it: Venus (2 passages)." in text
    assert "Much the same is said twice." in text
    assert "Looked for: venus" in text


def test_what_does_not_fit_goes_to_further_pages_each_with_its_sources() -> None:
    embeds = render(many(30))
    texts = [embed.description or "" for embed in embeds]
    assert 2 < len(texts) < 10
    numbers: list[str] = []
    for text in texts:
        assert length(text) <= DESCRIPTION_LIMIT
        assert text.startswith("> How hot is it?")
        listed = re.findall(r"\[(\d+)\] \[1:07:30\]", text)
        quoted = re.findall(r"^“.*” \[(\d+)\]$", text, re.MULTILINE)
        assert listed == quoted
        numbers += listed
    assert numbers == [str(n) for n in range(1, 31)]
    assert [embed.footer.text for embed in embeds][:2] == [f"Page 1 of {len(texts)}", f"Page 2 of {len(texts)}"]


def test_a_topic_that_is_too_long_is_paged_and_its_themes_go_on() -> None:
    """It used to be cut, with a count of what did not fit."""
    points = tuple(TopicPoint(text=f"Words {n} " * 30, citations=(1,), theme="Light") for n in range(1, 41))
    texts = [embed.description or "" for embed in render(replace(SUMMARY, points=points))]
    assert len(texts) > 2
    assert sum(text.count("” [1]") for text in texts) == 40
    assert all("**Light**" in text and "-# Sources" in text and length(text) <= DESCRIPTION_LIMIT for text in texts)


def test_a_statement_whose_sources_fill_more_than_a_page_says_how_much_is_missing() -> None:
    long = replace(HEAT, episode="Venus " * 40, url="https://example.org/" + "a" * 170)
    sentence = Sentence(text="All of them.", citations=tuple(range(1, 31)))
    answer = replace(ANSWER, sentences=(sentence,), citations=tuple(replace(long, n=n) for n in range(1, 31)))
    text = render(answer)[-1].description or ""
    assert length(text) <= DESCRIPTION_LIMIT
    assert re.search(r"\*\d+ lines more did not fit here\.\*$", text)


def test_what_is_being_written_is_no_answer_yet() -> None:
    embed = writing("How hot?", [replace(HEAT, display="hot " * 200)] * 8, ANSWER.sentences[:1])
    text = embed.description or ""
    assert "not an answer yet" in (embed.title or "")
    assert "The surface is at 464 °C." in text
    assert "…” [1]" in text
    assert length(text) <= DESCRIPTION_LIMIT


@pytest.mark.parametrize("text", [HOSTILE, HOSTILE * 100, "😀" * 5000, "[" * 5000, "word" * 5000])
def test_hostile_or_endless_text_keeps_the_limits_and_makes_no_link(text: str) -> None:
    citation = replace(HEAT, show=text, episode=text, note_file=text, display=text, date=text)
    answer = replace(many(4, text=text, citation=citation), question=text, lead_in=text, searched=text + "x")
    refusal = replace(CLOSEST, question=text, reason=text, closest=(citation,), absent_words=(text, text))
    points = (TopicPoint(text=text, citations=(1,), theme=text),)
    topic = replace(SUMMARY, topic=text, points=points, citations=(citation,))
    for result in (answer, refusal, replace(refusal, closest=()), topic):
        for shown in (embed.description or "" for embed in render(result)):
            assert length(shown) <= DESCRIPTION_LIMIT
            assert set(_LINK.findall(shown)) <= {URL}
            assert not re.search(r"https?://evil", shown)
            assert not re.search(r"@(everyone|here)|(?<!\\)<|[\u202a-\u202e\u2066-\u2069\ufeff]", shown)
    assert any("-# Sources\n**" in (embed.description or "") for embed in render(answer))


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
        (1, 4.0, False, "⏳ It is your turn: I am looking through the notes, about 4 s."),
        (1, 4.0, True, "⏳ My models are being loaded. You are first in line."),
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
        description = render(result)[0].description or ""
        assert "Preferred: May\nCut." in description
        assert "Searched: " in description
        assert "@everyone *Mara*" not in description
    description = render(refused)[0].description or ""
    assert "Did you mean Venus?" in description
    assert "Other episodes that come near: Clear Skies" in description


def test_a_report_has_all_that_shows_why_within_the_limit_and_nothing_that_formats() -> None:
    hostile = HOSTILE * 100
    cited = Cited(n=1, episode_id=hostile, passage_id=hostile, note_file=hostile, line_start=1, line_end=2)
    asked = Asked(
        place=Where(user=1, channel=2),
        kind="ask",
        question=hostile,
        searched=hostile,
        outcome="answer",
        cited=(cited,),
        build=hostile,
    )
    kept = Kept(id=1, asked=asked, message=3, asked_at=0.0)
    shown = "\n".join(f"“Line {n}”" for n in range(1000))
    embed = wrong_citation(kept, cited, reason=hostile, user=7, shown=shown, url="https://discord.com/channels/@me/2/3")
    text = embed.description or ""
    assert length(text) <= DESCRIPTION_LIMIT
    assert "“Line 0”\n“Line 1”" in text
    assert not _LINK.search(text)
    assert "@everyone" not in text
    for name in (
        "Question",
        "Looked for",
        "Citation",
        "Episode",
        "Passage",
        "Index",
        "Reason",
        "Reported by",
        "Answer",
    ):
        assert f"**{name}:** " in text


def test_erasing_says_how_much_of_what() -> None:
    counts = {"turns": 3, "votes": 1, "reports": 0, "subscriptions": 2, "views": 3, "settings": 0, "pending": 0}
    assert "Erased: 3 questions, 1 vote, 2 subscriptions, 3 button rows." in erased(counts)
    assert erased(dict.fromkeys(counts, 0)) == "🧹 I had nothing stored about you."


def test_who_waited_is_reminded_of_when_they_asked() -> None:
    waiting = Subscription(
        id=1,
        user=1,
        guild=2,
        server=2,
        channel=3,
        parent=None,
        question="x",
        searched="x",
        asked_build="1",
        subscribed_at=1_700_000_000.0,
    )
    assert covered_now(waiting) == "📬 On 14 Nov 2023 you asked what the notes did not cover. Now they do:"
