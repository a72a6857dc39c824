"""How a result came about, on one screen: what was found, gated, written, checked and dropped, with times.

Builds lines as `render_text` does. Knows nothing of how any of it is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot import wording
from bot.terminal.render_text import BLANK, HEADING, QUIET, Line, make_line
from rag.drafts import Draft, Writing
from rag.types import Answer, Hit, NotCovered, Trace

SHOWN = 6  # hits
TEXT = 90  # characters of each

FATES = {"written": "shown", "rewritten": "written anew", "quoted": "quote instead", "dropped": "left out"}


def explain(result: Answer | NotCovered) -> list[Line]:
    """The lines below an answer that say how it came about."""
    trace = result.trace
    if trace is None:
        return []
    return [
        BLANK,
        make_line(f"Found: {wording.plural(len(trace.hits), 'passage')}", style=HEADING),
        *(_hit(number, hit) for number, hit in enumerate(trace.hits[:SHOWN], start=1)),
        make_line("Gate", style=HEADING),
        make_line(_gate(result, trace), indent=2),
        *_writing(trace.writing),
        make_line("Times", style=HEADING),
        make_line(_times(result), indent=2),
    ]


def _hit(number: int, hit: Hit) -> Line:
    ranked = f", model {hit.log_likelihood:.2f}" if hit.log_likelihood is not None else ""
    scores = f"{hit.score:.2f} (cosine {hit.cosine:.2f}, words {hit.bm25:.2f}{ranked})"
    place = f"{hit.passage.note_file}:{hit.passage.line_start}"
    return make_line(f"{number}. {scores} {place} {_short(hit.passage.text)}", indent=2)


def _gate(result: Answer | NotCovered, trace: Trace) -> str:
    p = f"p(answerable) {result.p_answerable:.2f}, {trace.needed:.2f} needed; nearest cosine {trace.cosine:.2f}"
    return f"{p}: {result.outcome.replace('_', ' ')}"


def _writing(writing: Writing | None) -> Iterator[Line]:
    yield make_line("Written", style=HEADING)
    if writing is None:
        yield make_line("No model was asked: the answer is the notes' own words.", indent=2)
        return
    counts = _counts(writing.drafts)
    given = f"{writing.model} was given {wording.plural(writing.passages, 'passage')} and wrote {counts}."
    yield make_line(f"{given}{f' It was stopped: {writing.stopped}' if writing.stopped else ''}", indent=2)
    for draft in writing.drafts:
        tags = "".join(f"[{tag}]" for tag in draft.tags)
        yield make_line(f"{FATES[draft.fate]}: {_short(draft.text)} {tags}", indent=2)
        if draft.reason:
            yield make_line(f"{draft.check}: {draft.reason}", indent=4, style=QUIET)
        if draft.rewritten:
            yield make_line(f"anew: {_short(draft.rewritten)}", indent=4, style=QUIET)


def _counts(drafts: Sequence[Draft]) -> str:
    """ "3 sentences: 1 shown, 2 left out"."""
    fates = [draft.fate for draft in drafts]
    kinds = ", ".join(f"{fates.count(fate)} {words}" for fate, words in FATES.items() if fate in fates)
    return wording.plural(len(drafts), "sentence") + (f": {kinds}" if kinds else "")


def _times(result: Answer | NotCovered) -> str:
    return ", ".join(f"{stage} {ms:.0f} ms" for stage, ms in result.timings_ms.items())


def _short(text: str) -> str:
    clean = wording.clean(text)
    return clean if len(clean) <= TEXT else f"{clean[: TEXT - 1]}…"
