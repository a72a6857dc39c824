"""OPML 2.0 (opml.org/spec2.opml).

Overcast's "All data" export puts `podcast-episode` outlines with `progress` (in seconds), `played`, `pubDate`,
`overcastUrl` and `enclosureUrl` under each show; its plain export and that of Pocket Casts list shows only. Outliners
(OmniOutliner, Dynalist) keep text in `text` and `_note`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rag.extract.samples import doubts, library, read, refused, shown

OVERCAST = """<?xml version="1.0" encoding="utf-8"?>
<opml version="1.0"><head><title>Overcast Podcast Subscriptions</title></head><body>
<outline text="playlists"><outline type="podcast-playlist" title="Queue" sortedEpisodeIds="2,3"/></outline>
<outline text="feeds">
<outline type="rss" overcastId="1" text="The Long Table" title="The Long Table" xmlUrl="https://f.example/x">
<outline type="podcast-episode" overcastId="2" pubDate="2023-05-06T10:00:00-04:00" title="Old grains &amp; new"
 url="https://longtable.example/1" overcastUrl="https://overcast.fm/+abc" enclosureUrl="https://m.example/1.mp3"
 userUpdatedDate="2023-05-07T10:00:00-04:00" progress="819"/>
<outline type="podcast-episode" overcastId="3" pubDate="2023-06-06T10:00:00-04:00" title="Water"
 overcastUrl="https://overcast.fm/+abd" enclosureUrl="https://m.example/2.mp3" played="1"/>
</outline></outline></body></opml>"""

POCKET_CASTS = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Pocket Casts Feeds</title></head><body><outline text="feeds">
<outline type="rss" text="The Long Table" xmlUrl="https://f.example/x"/></outline></body></opml>"""

OUTLINE = """<opml version="2.0"><head><title>Karl Vogt on The Long Table</title></head><body>
<outline text="old grains" _note="at (12:30) he says&#10;so">
<outline text="einkorn"/></outline></body></opml>"""


def test_episodes_of_overcast(tmp_path: Path) -> None:
    found = library(tmp_path, overcast_opml=OVERCAST)
    assert [(e.show, e.title, e.date) for e in found.episodes] == [
        ("The Long Table", "Old grains & new", "2023-05-06"),
        ("The Long Table", "Water", "2023-06-06"),
    ]
    assert set(found.episodes[0].urls) == {
        "https://overcast.fm/+abc",
        "https://longtable.example/1",
        "https://m.example/1.mp3",
    }
    heard = [(p.text, p.seconds, p.line_start) for p in found.passages if p.text.startswith("Heard")]
    assert heard == [("Heard up to [13:39].", 819, 6), ("Heard to the end.", None, 9)]
    assert found.warnings == ()


def test_a_list_of_shows_is_refused_with_what_to_do(tmp_path: Path) -> None:
    reason = refused(tmp_path, "podcasts.opml", POCKET_CASTS)
    assert "lists the shows that are followed" in reason
    assert "All data" in reason


def test_an_outline(tmp_path: Path) -> None:
    loaded = read(tmp_path, "talk.opml", OUTLINE)
    entry = loaded.reading.parts[0].entry
    assert (entry.show, entry.title) == ("The Long Table", "Karl Vogt")
    assert shown(loaded)[1:] == [
        ((2, 2), None, "old grains"),
        ((2, 2), 750, "at (12:30) he says so"),
        ((3, 3), None, "einkorn"),
    ]


def test_another_encoding_is_read_and_said(tmp_path: Path) -> None:
    """The file is decoded like any other, so what it declares no longer holds when it is parsed."""
    data = OUTLINE.replace("old grains", "Brot für später, schön geröstet")
    loaded = read(tmp_path, "a.opml", ('<?xml version="1.0" encoding="iso-8859-1"?>' + data).encode("cp1252"))
    assert "Brot für später" in loaded.source.text
    assert [reason.split(";")[0] for _, reason in doubts(loaded)] == ["The file is not UTF-8"]


@pytest.mark.parametrize("progress", ["-5", "nan", "1e9", "9" * 30, "", "٣"])
def test_a_progress_that_is_none_is_left_out(tmp_path: Path, progress: str) -> None:
    text = read(tmp_path, "overcast.opml", OVERCAST.replace('"819"', f'"{progress}"')).source.text
    assert "Heard up to" not in text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("<opml><body>\n<outline text='a & b'/></body></opml>", "Line 2 is no valid OPML"),
        (OVERCAST[:400], "no valid OPML"),
        ("<rss><channel/></rss>", "This XML is no OPML"),
        ("just words", "Line 1 is no valid OPML"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml><body><outline text="&a;"/></body></opml>', "declares entities"),
        ('<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>', "declares entities"),
        ("<opml><body>" + "<outline text='x'>" * 10_000, "too deeply"),
        ("<opml><body/></opml>", "no words"),
    ],
    ids=["ampersand", "cut", "rss", "text", "entity", "file", "deep", "empty"],
)
def test_what_is_no_opml_is_refused_with_a_sentence(tmp_path: Path, data: str, reason: str) -> None:
    assert reason in refused(tmp_path, "a.opml", data)
