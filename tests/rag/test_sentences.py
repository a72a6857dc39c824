from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reading.readers.windows import windows
from rag.sentences import CUT, ends_sentence, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another!  A third?", ["One thing.", "Another!", "A third?"]),
        ("No end mark", ["No end mark"]),
        ("", []),
        ("  \n ", []),
        ("Dr. Smith met Mrs. Jones. They left.", ["Dr. Smith met Mrs. Jones.", "They left."]),
        ("J. S. Bach wrote it. Then he slept.", ["J. S. Bach wrote it.", "Then he slept."]),
        ("It is 3.5 times as much. See e.g. Venus.", ["It is 3.5 times as much.", "See e.g. Venus."]),
        ("She said “No way.” He agreed.", ["She said “No way.”", "He agreed."]),
        ("Wait… what? Yes.", ["Wait… what?", "Yes."]),
        ("(One.) (Two.)", ["(One.)", "(Two.)"]),
        ("月は海を引く。海は答える！", ["月は海を引く。", "海は答える！"]),
        ("lower case. follows on", ["lower case. follows on"]),
        ("The year was 1969. 50 years later", ["The year was 1969.", "50 years later"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


PROSE = st.lists(st.sampled_from([*'aB1 .!?…"”’)(\n', "Dr. ", "e.g. ", "。", " A", "\u00a0", "\u2028"])).map("".join)


@given(st.one_of(PROSE, st.text()))
def test_spans_hold_every_character_that_is_not_white_space_in_order(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    held = "".join(text[start:end] for start, end in spans)
    assert "".join(held.split()) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@pytest.mark.parametrize("unit", [".", "A. ", "a.b", "?! ", '."', ". ", "…”"])
def test_a_long_text_of_marks_takes_no_time(unit: str) -> None:
    text = (unit * 4_000)[:4_000] + "x"
    start = time.process_time()
    sentence_spans(text)
    assert time.process_time() - start < 1.0


ENDED = [
    "It is.",
    "月は海を引く。",
    "本当？」",
    "नमक धीमा करता है।",
    "نمک آہستہ ہے۔",
    "لماذا الخبز؟",
    "Երկար է։",
    "ረጅም ነው።",
    "(Yes.)",
]


@pytest.mark.parametrize("text", ENDED)
def test_sentences_of_every_script_end(text: str) -> None:
    """Windows and long units knew the Latin marks and three others only: other scripts were cut within sentences."""
    assert ends_sentence(text)
    assert not ends_sentence(text.rstrip(".。？」।۔؟։።)*") + " and")
    found = CUT.search(text + " more")
    assert found is not None
    assert found.end() >= len(text) - 1


def test_windows_close_at_the_end_of_a_hindi_sentence() -> None:
    lines = ["नमक खमीर को धीमा करता है और आटा" * 8, "कम हो जाता है।", "दो प्रतिशत सामान्य है।"]
    assert [len(window) for window in windows(lines, lines)] == [2, 1]
