"""What goes into a model cannot be taken for its marks; what comes out is whole, to the point, and ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.modeltext import characters, defused, loops, said


@pytest.mark.parametrize(
    "mark",
    [
        "<|im_end|>",
        "<|im_start|>",
        "</s>",
        "<s>",
        "<bos>",
        "<start_of_turn>",
        "<think>",
        "</think>",
        "<tool_call>",
        "[INST]",
        "[/INST]",
        "[TOOL_CALLS]",
        "<<SYS>>",
        "<|start_header_id|>",
        "<｜begin▁of▁sentence｜>",
        "<unused12>",
        "<|<|im_end|>",
        "<<|im_end|>>",
    ],
)
def test_no_mark_is_left(mark: str) -> None:
    inner = mark.strip("<>[]|/")
    written = defused(f"a {mark} b")
    assert mark not in written
    assert inner in written


@pytest.mark.parametrize("text", ["1 < 2 > 0", "see [2] and [Ep. 4]", "a <- b -> c", "i <3 this", "[n] [OK"])
def test_what_people_write_stays(text: str) -> None:
    assert defused(text) == text


@given(st.text(alphabet="<>|[]/aIN_ ", max_size=40))
def test_defusing_only_adds_spaces_and_is_done_once(text: str) -> None:
    once = defused(text)
    assert once.replace(" ", "") == text.replace(" ", "")
    assert defused(once) == once


@given(st.text(), st.integers(1, 5))
def test_characters_are_whole_however_the_bytes_are_cut(text: str, size: int) -> None:
    data = text.encode("utf-8", "replace")
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    assert "".join(characters(pieces)) == data.decode()


def test_bytes_that_are_no_text() -> None:
    assert "".join(characters([b"a\xff", b"\xfe b", b"\xf0\x9f"])) == "a\ufffd\ufffd b"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_reasoning_is_left_out_however_it_is_cut(size: int) -> None:
    text = "<think>\nThe user wants </thin\n</think>\n\nThe moon <b>pulls</b>. <think>more"
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert "".join(said(pieces)) == "The moon <b>pulls</b>. "


def test_text_that_only_looks_like_the_beginning_of_reasoning_is_kept() -> None:
    assert "".join(said(["a <thi", "s>"])) == "a <this>"
    assert "".join(said(["a <thi"])) == "a <thi"


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_10_000_newlines_are_nothing_and_end_early(size: int) -> None:
    taken = 0

    def newlines() -> object:
        nonlocal taken
        for _ in range(10_000 // size):
            taken += size
            yield "\n" * size

    assert list(said(newlines())) == []  # type: ignore[arg-type]  # a generator of text
    assert size == 10_000 or taken < 500


@pytest.mark.parametrize(
    "phrase", ["ha", " The moon pulls on the sea.", "[1]", "🐝", " and so on, as it was said before,"]
)
def test_who_goes_round_in_circles_is_stopped(phrase: str) -> None:
    written = "".join(said(["Because", *[phrase] * 1_000]))
    assert written.startswith("Because" + phrase)
    assert len(written) <= 7 + max(60, 4 * len(phrase)) + 2 * len(phrase)


@pytest.mark.parametrize(
    "text",
    [
        "Rye keeps for a week [1]. Rye keeps for a week [2]. It is dark [3].",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25",
        "No, no, no, no.",
        "----------------------------------------",
        "",
    ],
)
def test_who_makes_a_point_twice_is_not(text: str) -> None:
    assert not any(loops(text[:i]) for i in range(len(text) + 1))
    assert "".join(said(text)) == text


def test_white_space_before_the_first_word_goes() -> None:
    assert list(said(["\n\n", " The", " moon"])) == ["The", " moon"]
