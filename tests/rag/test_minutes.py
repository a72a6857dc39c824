from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.minutes import (
    best_link,
    can_start,
    format_seconds,
    inside,
    leading,
    link_at,
    moment,
    of_link,
    parse_seconds,
    settled,
)


@pytest.mark.parametrize(
    ("text", "seconds", "end"),
    [
        ("(1: 07: 30) Bigger models", 4050, None),
        ("(2: 22: 05) What if", 8525, None),
        ("(1: 30) Short", 90, None),
        ("[1:07:30] words", 4050, None),
        ("00:49 words", 49, None),
        ("12:30: Topic", 750, None),
        ("03:34 - Server-rendered", 214, None),
        ("1:10:00-1:22:00 lost me", 4200, 4920),
        ("(12:30 – 14:00) both", 750, 840),
        ("**12:30** bold", 750, None),
        ("[@2:40](https://youtu.be/x?t=160) linked", 160, None),
        ("00:00:01,319 caption", 1, None),
        ("75:10 an hour and more", 4510, None),
        ("1h02m three", 3720, None),
        ("12m05s three", 725, None),
        ("1h07m three", 4020, None),
        ("(67 min) three", 4020, None),
        ("67 min: three", 4020, None),
        ("🎧 12:30 - 13:40 (1min 10s)", 750, 820),
        ("**Timestamp:** 12:34", 754, None),
        ("12:30 | Autolyse", 750, None),
        ("around 1:10 they laugh", 70, None),
    ],
)
def test_leading_stamps(text: str, seconds: int, end: int | None) -> None:
    found = leading(text)
    assert found is not None
    assert (found.seconds, found.seconds_end) == (seconds, end)
    assert found.length > 0


@pytest.mark.parametrize(
    "text",
    [
        "(9/10) a mark",
        "Karpathy on No Priors (9/6)",
        "another 3.5→4 jump",
        "played 4-6k hours",
        "$3,000 a month",
        "Length: 5636s",
        "at 10 pm",
        "10:30 pm start",
        "10:30 a.m. start",
        "16:9 is wide",
        "4:1 sugar syrup",
        "16:10 ratio screens",
        "John 3:16 says",
        "see Psalm 119:10-119:12",
        "Genesis 1:10-2:22",
        "won 21:15-21:18",
        "1:75:00 is no time",
        "12:345 is none",
        "Mark 3:16 says",
        "1 Cor 13:04",
        "Isaiah 40:31",
        "Duration: 1:08:41",
        "took 1h07m",
        "1h30m long interview",
        "a 45 min walk",
        "67 min walk",
        "The whole story (67 min)",
        "lasts around 40 minutes",
        "version 3:10:12",
        "v1:20",
        "recorded 2024-01-01 10:30:00",
        "open Mon 9:00-17:00",
        "a 2:03:59 marathon",
        "score 21:15",
        "At 10:30 we left",
        "in 5 minutes in total",
        "https://x.com/a/status/1?t=12345",
        "meet at 10:30",
        "https://x.org/1:10:00-1:22:00",
        "",
    ],
)
def test_decoys(text: str) -> None:
    assert moment(text) is None


def test_a_range_inside_a_sentence() -> None:
    found = inside("Did not understand a single thing from 1:10:00-1:22:00")
    assert found is not None
    assert (found.seconds, found.seconds_end, found.length) == (4200, 4920, 0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("36,864 words of rope (10:05)", 605),
        ("good bit @12:30", 750),
        ("around 1:02:03 he says", 3723),
        ("minute 12:30", 750),
        ("the 12:30 mark", 750),
        ("67 min in, he asks", 4020),
        ("laughs at 67 min", 4020),
        ("minute 67", 4020),
        ("1h07 in he asks", 4020),
        ("([Time 0:14:33](https://share.snipd.com/snip/1))", 873),
        ("([Time 14:33](https://share.snipd.com/snip/1))", 873),
        ("What is bread? `[02:00-03:45]`", 120),
    ],
)
def test_stamps_inside(text: str, seconds: int) -> None:
    found = inside(text)
    assert found is not None
    assert found.seconds == seconds


def test_a_range_that_runs_backwards_has_no_end() -> None:
    found = leading("14:00-12:30 odd")
    assert found is not None
    assert (found.seconds, found.seconds_end) == (840, None)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59, "0:59"), (90, "1:30"), (3600, "1:00:00"), (4050, "1:07:30")]
)
def test_format(seconds: int, text: str) -> None:
    assert format_seconds(seconds) == text


@given(st.integers(0, 99 * 3600))
def test_what_is_written_reads_back(seconds: int) -> None:
    assert parse_seconds(format_seconds(seconds)) == seconds


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.youtube.com/watch?v=abc", "https://www.youtube.com/watch?v=abc&t=4050s"),
        ("https://m.youtube.com/watch?v=abc&list=l&t=3s", "https://m.youtube.com/watch?v=abc&list=l&t=4050s"),
        ("https://youtu.be/abc", "https://youtu.be/abc?t=4050"),
        ("https://youtu.be/abc?si=q&t=7", "https://youtu.be/abc?si=q&t=4050"),
        ("https://www.youtube.com/live/abc", "https://www.youtube.com/live/abc?t=4050s"),
        ("https://www.youtube.com/embed/abc", "https://www.youtube.com/embed/abc?start=4050"),
        ("https://open.spotify.com/episode/abc?si=q", "https://open.spotify.com/episode/abc?si=q&t=4050"),
        ("https://vimeo.com/123", "https://vimeo.com/123#t=4050s"),
        ("https://podcasts.apple.com/us/podcast/x/id1?i=2", "https://podcasts.apple.com/us/podcast/x/id1?i=2&t=4050"),
        ("https://overcast.fm/+AbC", "https://overcast.fm/+AbC/1:07:30"),
        ("https://overcast.fm/+AbC/0:10", "https://overcast.fm/+AbC/1:07:30"),
        ("https://pca.st/episode/abc", "https://pca.st/episode/abc?t=4050"),
        ("https://traffic.example.com/a/b.mp3?x=1", "https://traffic.example.com/a/b.mp3?x=1#t=4050"),
        ("https://music.youtube.com/watch?v=abc", "https://music.youtube.com/watch?v=abc&t=4050s"),
        ("https://www.youtube.com/shorts/abc", "https://www.youtube.com/shorts/abc?t=4050s"),
        ("https://www.youtube.com/watch/abc", "https://www.youtube.com/watch/abc?t=4050s"),
        ("https://www.youtube-nocookie.com/embed/abc", "https://www.youtube-nocookie.com/embed/abc?start=4050"),
        ("https://open.spotify.com/intl-de/episode/abc", "https://open.spotify.com/intl-de/episode/abc?t=4050"),
        (
            "https://embed.podcasts.apple.com/us/podcast/x/id1?i=2",
            "https://embed.podcasts.apple.com/us/podcast/x/id1?i=2&t=4050",
        ),
        ("https://pca.st/9mjo6ijv", "https://pca.st/9mjo6ijv?t=4050"),
        ("https://player.vimeo.com/video/123?h=1", "https://player.vimeo.com/video/123?h=1#t=4050s"),
        ("https://castbox.fm/episode/a-id1-id2?country=us", "https://castbox.fm/episode/a-id1-id2?country=us&t=4050"),
    ],
)
def test_links_start_at_a_second(url: str, expected: str) -> None:
    assert link_at(url, 4050) == expected
    assert can_start(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.dwarkeshpatel.com/p/sholto-douglas-trenton-bricken",
        "https://www.youtube.com/@channel",
        "https://www.youtube.com/playlist?list=abc",
        "https://open.spotify.com/show/abc",
        "https://podcasts.apple.com/us/podcast/x/id1",
        "https://notyoutube.com/watch?v=abc",
        "https://castbox.fm/channel/a-id1",
        "http://[broken",
        "javascript:alert(1)",
        "",
    ],
)
def test_other_addresses_stay_as_they_are(url: str) -> None:
    assert link_at(url, 4050) == url
    assert not can_start(url)


def test_no_second_no_change() -> None:
    assert link_at("https://youtu.be/abc", None) == "https://youtu.be/abc"


def test_best_link_prefers_one_that_can_start() -> None:
    urls = ["https://blog.example.org/post", "https://youtu.be/abc"]
    assert best_link(urls, 10) == "https://youtu.be/abc?t=10"
    assert best_link(urls[:1], 10) == urls[0]
    assert best_link([], 10) is None


@given(st.text(max_size=80), st.integers(0, 10_000))
def test_no_text_breaks_them(text: str, seconds: int) -> None:
    moment(text)
    link_at(text, seconds)
    link_at("https://" + text, seconds)


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("https://youtu.be/abc?t=160", 160),
        ("https://www.youtube.com/watch?v=abc&t=1h2m3s", 3723),
        ("https://www.youtube.com/embed/abc?start=90", 90),
        ("https://open.spotify.com/episode/abc?si=q&t=90", 90),
        ("https://podcasts.apple.com/us/podcast/x/id1?i=2&t=90", 90),
        ("https://pca.st/episode/abc?t=90", 90),
        ("https://overcast.fm/+AbC/1:07:30", 4050),
        ("https://vimeo.com/123#t=90s", 90),
        ("https://cdn.example.org/a.mp3#t=1:07:30", 4050),
        ("https://cdn.example.org/a.mp3#t=90.5,120", None),
        ("https://youtu.be/abc", None),
        ("https://example.org/page?t=90", None),
        ("https://overcast.fm/+AbC", None),
        ("https://castbox.fm/episode/x-id1-id2?t=90", 90),
    ],
)
def test_where_a_link_starts(url: str, seconds: int | None) -> None:
    assert of_link(url) == seconds
    found = moment(f"see {url} there")
    assert (found.seconds if found else None) == seconds


def test_castbox_comes_last_as_it_says_nowhere_that_its_links_can_start() -> None:
    urls = ["https://blog.example.org", "https://castbox.fm/episode/a-id1-id2", "https://youtu.be/abc"]
    assert best_link(urls, 10) == "https://youtu.be/abc?t=10"
    assert best_link(urls[:2], 10) == "https://castbox.fm/episode/a-id1-id2?t=10"


def test_a_stamp_comes_before_a_link() -> None:
    found = moment("[2:40](https://youtu.be/abc?t=999) linked")
    assert found is not None
    assert found.seconds == 160


@pytest.mark.parametrize(("text", "around"), [("around 1:10 he", True), ("~1:10 he", True), ("1:10 he", False)])
def test_about_there(text: str, around: bool) -> None:
    found = moment(text)
    assert found is not None
    assert (found.seconds, found.around) == (70, around)


@pytest.mark.parametrize(
    "text",
    [
        "about 67 min: bread",
        "~67 min – bread",
        "~1h07m bread",
        "(~1h07m) bread",
        "(~67 min) bread",
        "bread at about 67 min",
        "bread ~1h07m",
        "around the 67 min mark",
        "at about 67 minutes, bread",
    ],
)
def test_about_so_many_minutes(text: str) -> None:
    found = moment(text)
    assert found is not None
    assert (found.seconds, found.around) == (4020, True)


@pytest.mark.parametrize(
    "text",
    [
        "about 40 minutes of walking",
        "took about 67 min",
        "a walk of about 67 min",
        "about 67 min long",
        "slept ~90 min",
    ],
)
def test_about_so_long(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (["0:50:10 grains", "around 1:10 ovens", "1:20:30 yeast"], [3010, 4200, 4830]),
        (["0:30 grains", "around 1:10 ovens", "2:30 yeast"], [30, 70, 150]),
        (["1:05:00 grains", "words", "(~1:10) ovens"], [3900, None, 4200]),
        (["around 1:10 ovens"], [70]),
        (["around 1:10 ovens", "0:50:10 grains"], [70, 3010]),
        (["2:30 yeast", "around 1:50 ovens"], [150, 110]),
        (["0:50:10 grains", "1:10 ovens"], [3010, 70]),
        (["0:50:10 grains", "0:40:00 mills", "around 1:10 ovens"], [3010, 2400, 70]),
    ],
    ids=["between", "minutes", "after", "alone", "before", "far", "exact", "no-order"],
)
def test_around_is_read_as_it_fits_between_the_others(texts: list[str], seconds: list[int | None]) -> None:
    """`around 1:10` was always 1 min 10 s. It is 1 h 10 min only where the order of the other minutes says so."""
    assert [m and m.seconds for m in settled([moment(text) for text in texts])] == seconds


@pytest.mark.parametrize("piece", ["1:", "(1: 07", "1:10:00-", "at 1h", "~", "minute ", "https://youtu.be/a?t="])
def test_a_long_text_of_almost_minutes_is_quick(piece: str) -> None:
    start = time.process_time()
    moment(piece * (200_000 // len(piece)))
    assert time.process_time() - start < 3
