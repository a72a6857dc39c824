from __future__ import annotations

from dataclasses import replace

import pytest

from bot.discord.topic_pages import (
    A_PAGE,
    PICTURE,
    comparison_page,
    described,
    digest_page,
    timeline_page,
    topics_page,
)
from bot.discord.topics import Picture, topic_listing
from bot.files.timeline_chart import chart
from rag.map_types import Row, Subject
from tests.bot.discord.test_pages import HOSTILE, within_limits
from tests.bot.samples import COMPARISON, DIGEST, HEAT, SUBJECTS, TIMELINE, VENUS


def test_a_page_of_topics() -> None:
    page = topics_page(SUBJECTS)
    assert page.embed.title == "🗺️ Topics in your notes (2)"
    assert page.embed.description == (
        "• **heat / high heat** · 12 passages · 2 episodes · 10 Sep 2023\n"
        "• **rye \\*bread\\*** · 4 passages · 1 episode"
    )
    assert (page.number, page.pages) == (0, 1)


def test_the_last_page_is_shown_where_there_are_fewer_now() -> None:
    many = [Subject(name=f"topic {n}", passages=1, episodes=("e",)) for n in range(2 * A_PAGE + 1)]
    page = topics_page(many, page=99)
    assert (page.number, page.pages) == (2, 3)
    assert page.embed.description == f"• **topic {2 * A_PAGE}** · 1 passage · 1 episode"


def test_topics_are_looked_for_by_words_in_any_of_their_names() -> None:
    assert "heat" in str(topics_page(SUBJECTS, wanted="HIGH").embed.description)
    assert "No topic of your notes has these words." in str(topics_page(SUBJECTS, wanted="plutonium").embed.description)
    assert "nothing comes up" in str(topics_page([]).embed.description)


def test_a_timeline_has_its_picture_and_the_fullest_episodes() -> None:
    embed = timeline_page(chart(TIMELINE))
    assert embed.image.url == f"attachment://{PICTURE}"
    assert "2 mentions in 2 episodes." in str(embed.description)
    assert "• Venus · 1 mention" in str(embed.description)


def test_whoever_does_not_see_the_picture_is_told_what_it_shows() -> None:
    drawn = chart(TIMELINE)
    assert described(drawn) == "“heat” over time. Venus: 1 mention; Ines Carvalho: 1 mention."
    many = replace(drawn, strips=drawn.strips * 99)
    assert Picture(b"png", description=described(many)).to_dict(0)["id"] == "0"
    assert len(described(many)) <= 1024


def test_both_sides_are_quoted_and_cited() -> None:
    text = within_limits([comparison_page(COMPARISON)])
    assert text.startswith("🔵 **Mara Lindqvist** · 20 passages, 1 episode\n🟠 **Ines Carvalho**")
    assert "🔵 “The surface is at 464 °C.” [1]" in text
    assert "🟠 “done at 96 °C” [2]" in text
    assert "venus.txt" in text
    assert "bread.md" in text


def test_a_digest_cites_each_point() -> None:
    text = within_limits([digest_page(DIGEST)])
    assert text.startswith("Since 1 Sep 2023: 1 episode.")
    assert "“The surface is at 464 °C.” [1]" in text
    assert "Nothing is of" in str(digest_page(replace(DIGEST, episodes=(), citations=())).description)


def test_hostile_text_keeps_the_limits_and_makes_no_link() -> None:
    citation = replace(HEAT, show=HOSTILE, episode=HOSTILE, display=HOSTILE, note_file=HOSTILE)
    many = tuple(replace(citation, n=n, passage_id=str(n)) for n in range(1, 31))
    episode = replace(VENUS, title=HOSTILE, show=HOSTILE)
    news = replace(DIGEST.episodes[0], episode=episode, points=(1, 2, 3))
    side = replace(COMPARISON.left, label=HOSTILE, episodes=(episode,))
    rows = tuple(Row(theme=HOSTILE, left=(n,), right=(n + 1,)) for n in range(1, 20, 2))
    line = replace(
        TIMELINE,
        topic=HOSTILE,
        searched=HOSTILE,
        episodes=(replace(TIMELINE.episodes[0], episode=episode),),
        citations=many,
    )
    for embed in (
        topics_page([replace(SUBJECTS[0], name=HOSTILE, also=(HOSTILE,))] * 40, wanted=HOSTILE).embed,
        topics_page([replace(SUBJECTS[0], name=HOSTILE, also=(HOSTILE,))] * 40).embed,
        timeline_page(chart(line)),
        comparison_page(replace(COMPARISON, left=side, right=side, rows=rows, citations=many)),
        digest_page(replace(DIGEST, episodes=(news,) * 12, citations=many)),
    ):
        text = within_limits([embed])
        assert "](https://evil.example)" not in text
        assert "<@123" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("custom_id", ["footnote:topics:-1:", "footnote:topics:12345:", "footnote:topics:1", "x"])
def test_a_forged_custom_id_asks_for_no_page(custom_id: str) -> None:
    assert topic_listing(custom_id) is None


def test_a_custom_id_says_page_and_words() -> None:
    assert topic_listing("footnote:topics:3:rye: bread") == (3, "rye: bread")
