"""What holds for every extractor, whatever bytes it is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import NoteError
from rag.reading.extract import EXTRACTORS, extract, extractor_for
from rag.reading.library import read_library
from tests.rag.extract.samples import SPOKEN, docx, packed, pdf
from tests.rag.extract.test_html import APPLE, GOOGLE
from tests.rag.extract.test_opml import OUTLINE, OVERCAST
from tests.rag.extract.test_transcript_json import SILENT, SPEAKING

PAGES = pdf([[(72, 740 - 14 * n, 11, words) for n, words in enumerate(SPOKEN)]] * 2)
SEEDS: dict[str, list[bytes]] = {
    "json": [json.dumps(made(), indent=1).encode() for made in (*SPEAKING, *SILENT)],
    "opml": [OVERCAST.encode(), OUTLINE.encode()],
    "html": [APPLE.encode(), GOOGLE.encode()],
    "docx": [docx(SPOKEN, styles=["Heading1"])],
    "pdf": [PAGES],
    "zip": [packed({"a.md": b"# A\n\nwords\n", "b.html": GOOGLE.encode(), "c.zip": packed({"d.txt": b"words"})})],
}
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 30),
        st.binary(max_size=8) | st.sampled_from([b"\0" * 9, b"<", b'"', b"9" * 400]),
    ),
    max_size=6,
)


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """A sample with a few places cut out and written over."""
    data = draw(st.sampled_from(SEEDS[name]))
    for place, cut, new in draw(EDITS):
        at = int(place * len(data))
        data = data[:at] + new + data[at + cut :]
    return data


def test_every_extractor_has_seeds() -> None:
    assert {extractor.name for extractor in EXTRACTORS} | {"zip"} == set(SEEDS)


@pytest.mark.parametrize("name", [extractor.name for extractor in EXTRACTORS])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    extractor = next(extractor for extractor in EXTRACTORS if extractor.name == name)
    try:
        found = extract(extractor, data.draw(mutated(name) | st.binary(max_size=200)))
    except NoteError as error:
        assert str(error)[-1] in ".)"
        return
    assert len(found.line_map) == len(found.text.split("\n"))
    assert "\r" not in found.text
    found.text.encode()
    assert all(1 <= first <= last for first, last in found.line_map)


@pytest.mark.parametrize("name", sorted(SEEDS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_passage_is_a_slice_of_the_extracted_text_in_order(
    name: str, tmp_path: Path, data: st.DataObject
) -> None:
    written = data.draw(mutated(name))
    (tmp_path / f"talk.{name}").write_bytes(written)
    found = read_library(tmp_path)
    assert found.notes or found.warnings
    for note in found.notes:
        own = [p for p in found.passages if p.note_file == note.file]
        assert [p.position for p in own] == list(range(len(own)))
        starts = [p.char_start for p in own]
        assert starts == sorted(starts)
        if note.derived == name:
            extractor = extractor_for(f".{name}")
            assert extractor is not None
            text = extract(extractor, written).text
            assert all(p.raw == text[p.char_start : p.char_end] for p in own)
            assert all(len(p.line_map) == p.raw.count("\n") + 1 for p in own)
            assert all(1 <= p.line_start <= p.line_end for p in own)


@pytest.mark.parametrize("name", ["json", "html", "opml"])
def test_places_are_lines_of_the_file(name: str, tmp_path: Path) -> None:
    for number, seed in enumerate(SEEDS[name]):
        (tmp_path / f"talk{number}.{name}").write_bytes(seed)
    for passage in read_library(tmp_path).passages:
        assert passage.counted == "line"
        lines = (tmp_path / passage.note_file).read_bytes().split(b"\n")
        assert passage.line_end <= len(lines)
