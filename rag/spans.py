"""Which words of a passage are shown: the shortest run of whole sentences that answers.

Pure functions. A short passage is shown whole; of a long one, the sentences nearest to the question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from rag.reading.minutes import leading
from rag.sentences import sentence_spans
from rag.words import words

WHOLE_CHARS = 300
_NUMBERS = frozenset(
    word.stem  # not "one", which mostly is no number
    for word in words(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion"
    )
)
_NO = frozenset({"cannot", "hardly", "never", "no", "nobody", "none", "nor", "not", "nothing", "without"})


def best_span(
    text: str,
    relevance: Callable[[Sequence[str]], Sequence[float]],
) -> tuple[int, int]:
    """Half-open span of `text` to quote: all of it if short, else its best sentence and what fits around it.

    `relevance` scores sentences against the question, higher is nearer; it is asked only if there is a choice.
    The sentence nearest to a question often asks it ("Should venomous animals flash pink?") and the next one
    answers, so the span grows forwards first.
    """
    start = _after_stamp(text)
    sentences = [(start + a, start + b) for a, b in sentence_spans(text[start:])]
    if not sentences:
        return 0, len(text)
    if len(sentences) == 1 or sentences[-1][1] - sentences[0][0] <= WHOLE_CHARS:
        return sentences[0][0], sentences[-1][1]
    scores = list(relevance([text[a:b] for a, b in sentences]))
    first = last = max(range(len(scores)), key=lambda i: scores[i])
    while last + 1 < len(sentences) and sentences[last + 1][1] - sentences[first][0] <= WHOLE_CHARS:
        last += 1
    while first > 0 and sentences[last][1] - sentences[first - 1][0] <= WHOLE_CHARS:
        first -= 1
    return sentences[first][0], sentences[last][1]


def _after_stamp(text: str) -> int:
    """Where the words begin after a leading minute: the citation shows that minute anyway."""
    moment = leading(text)
    return moment.length if moment else 0


def says_the_same(one: str, other: str) -> bool:
    """Whether two quotes hold nearly the same words, so that showing both tells the reader nothing more.

    Where only one of them says no, or their numbers differ, they may contradict each other, and both are told.
    """
    a, b = ({word.stem for word in words(text)} for text in (one, other))
    if _contradict(a, b):
        return False
    return len(a & b) >= 0.8 * min(len(a), len(b)) if a and b else a == b


def at_odds(one: str, other: str) -> bool:
    """Whether two texts may contradict each other: only one of them says no, or both name numbers and not the same."""
    return _contradict(*({word.stem for word in words(text)} for text in (one, other)))


def _contradict(one: Set[str], other: Set[str]) -> bool:
    """Whether only one of them says no, or both name numbers and not the same."""
    numbers, others = ({stem for stem in stems if stem[0].isdigit() or stem in _NUMBERS} for stems in (one, other))
    return _says_no(one) != _says_no(other) or bool(numbers and others and numbers != others)


def _says_no(stems: Set[str]) -> bool:
    return any(stem in _NO or stem.endswith("n't") for stem in stems)
