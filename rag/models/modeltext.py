"""Text on its way into a language model and out of it again.

Into it: nothing that a note or a user wrote may look like the marks that models keep their turns apart with. Out of it:
whole characters, without reasoning aloud, and an end to going round in circles. Knows no model and no library.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

RANK_TOKENS = 128  # of a text whose likelihood is asked for; the rest of a longer one changes no order

_MARK = re.compile(r"<(?=[|/!A-Za-z_｜<][^<>\s]{0,80}>)|\[(?=/?[A-Z_]{3,40}\])")
_THINK, _THOUGHT = "<think>", "</think>"
_LOOP_CHARS = 60  # what is said over and over fills at least so much
_LOOP_TIMES = 4
_LONGEST_LOOP = 300
_PIECE = 200


def defused(text: str) -> str:
    """`text` with a space inside everything that has the form of a control mark: `< |im_end|>`, `[ INST]`.

    Vocabularies differ in which of these they read as one token, and a server reads all of them; so the form decides.
    """
    return _MARK.sub(lambda mark: f"{mark[0]} ", text)


def characters(pieces: Iterable[bytes]) -> Iterator[str]:
    """Whole characters of the UTF-8 in `pieces`. What is none becomes U+FFFD; one cut off by the end is dropped."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return (text for piece in pieces if (text := decoder.decode(piece)))


def said(pieces: Iterable[str]) -> Iterator[str]:
    """What a model says, as it comes: without its reasoning, nor white space before the first word.

    Ends where the model begins to repeat itself.
    """
    tail, begun = "", False
    for piece in _small(_without_reasoning(pieces)):
        tail = (tail + piece)[-_LONGEST_LOOP * _LOOP_TIMES :]
        text = piece if begun else piece.lstrip()
        begun = begun or bool(text)
        if text:
            yield text
        if loops(tail):
            return


def _small(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces short enough to notice a loop inside of one."""
    return (piece[i : i + _PIECE] for piece in pieces for i in range(0, len(piece), _PIECE))


def _without_reasoning(pieces: Iterable[str]) -> Iterator[str]:
    """`pieces` less everything from <think> to </think>, however the pieces are cut."""
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while (mark := _THOUGHT if thinking else _THINK) in held:
            before, _, held = held.partition(mark)
            if before and not thinking:
                yield before
            thinking = not thinking
        keep = _begun(held, mark)
        if not thinking and len(held) > keep:
            yield held[: len(held) - keep]
        held = held[len(held) - keep :]
    if held and not thinking:
        yield held


def _begun(text: str, mark: str) -> int:
    """How many characters at the end of `text` may be the beginning of `mark`."""
    return next((n for n in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:n])), 0)


def loops(text: str) -> bool:
    """Whether `text` ends in the same few words, at least four times over."""
    for period in range(1, min(_LONGEST_LOOP, len(text) // _LOOP_TIMES) + 1):
        word = text[-period:]
        times = max(_LOOP_TIMES, -(-_LOOP_CHARS // period))
        if text[-2 * period : -period] == word and text.endswith(word * times):
            return True
    return False
