"""How much of a result is shown at first, by what is set for a channel; “As text file” has all of it.

Pure functions; knows nothing of how a result looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.line.answer_cache import Result
from bot.state.rules import Verbosity
from rag.phrase import Phrase
from rag.types import Answer, NotCovered

SENTENCES: Mapping[Verbosity, int] = {"short": 1, "normal": 5}
CLOSEST: Mapping[Verbosity, int] = {"short": 1}
POINTS: Mapping[Verbosity, int] = {"short": 3}
MORE = Phrase("This is not all: “As text file” has the rest.")


def shortened(result: Result, verbosity: Verbosity) -> Result:
    """The beginning of a result, with the citations that it needs and a word on it where that is not all."""
    if isinstance(result, Answer):
        kept = result.sentences[: SENTENCES.get(verbosity)]
        if len(kept) == len(result.sentences):
            return result
        cited = {n for sentence in kept for n in sentence.citations}
        citations = tuple(citation for citation in result.citations if citation.n in cited)
        return replace(result, sentences=kept, citations=citations, remarks=(*result.remarks, MORE))
    if isinstance(result, NotCovered):
        return replace(result, closest=result.closest[: CLOSEST.get(verbosity)])
    points = result.points[: POINTS.get(verbosity)]
    cited = {n for point in points for n in point.citations}
    return replace(result, points=points, citations=tuple(each for each in result.citations if each.n in cited))
