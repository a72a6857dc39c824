"""Which words of a passage are shown: the shortest run of whole sentences that answers.

Pure functions. A short passage is shown whole; of a long one, the sentences nearest to the question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.minutes import leading
from rag.sentences import sentence_spans
from rag.words import words

WHOLE_CHARS = 320
ENOUGH_SHARE = 0.75  # a further sentence joins the span if it is this near to the question, next to the best


def best_span(text: str, relevance: Callable[[Sequence[str]], Sequence[float]]) -> tuple[int, int]:
    """Half-open span of `text` to quote: all of it if short, else its best sentence and near neighbours.

    `relevance` scores sentences against the question, higher is nearer; it is asked only if there is a choice.
    """
    start = _after_stamp(text)
    sentences = [(start + a, start + b) for a, b in sentence_spans(text[start:])]
    if not sentences:
        return 0, len(text)
    whole = (sentences[0][0], sentences[-1][1])
    if len(sentences) == 1 or whole[1] - whole[0] <= WHOLE_CHARS:
        return whole
    scores = list(relevance([text[a:b] for a, b in sentences]))
    first = last = max(range(len(scores)), key=lambda i: scores[i])
    best = scores[first]
    while True:
        sides = [i for i in (first - 1, last + 1) if 0 <= i < len(sentences)]
        grown = [i for i in sides if _fits(sentences, min(first, i), max(last, i)) and scores[i] >= ENOUGH_SHARE * best]
        if not grown:
            return sentences[first][0], sentences[last][1]
        i = max(grown, key=lambda i: scores[i])
        first, last = min(first, i), max(last, i)


def _after_stamp(text: str) -> int:
    """Where the words begin after a leading minute: the citation shows that minute anyway."""
    moment = leading(text)
    return moment.length if moment else 0


def _fits(sentences: Sequence[tuple[int, int]], first: int, last: int) -> bool:
    return sentences[last][1] - sentences[first][0] <= WHOLE_CHARS


def says_the_same(one: str, other: str) -> bool:
    """Whether two quotes hold nearly the same words, so that showing both tells the reader nothing more."""
    a, b = ({word.stem for word in words(text)} for text in (one, other))
    return len(a & b) >= 0.8 * min(len(a), len(b)) if a and b else a == b
