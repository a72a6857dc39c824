"""How an answer came about, on one screen, and what a terminal shows until it is there."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from bot.terminal.explain import explain
from bot.terminal.live import preview
from bot.terminal.render_text import plain, render
from bot.wording import written
from rag.drafts import Draft, Writing
from rag.protocols import NOBODY, Assistant, Watch
from rag.types import Answer, Sentence, Trace
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT, FakeAssistant
from tests.builders import BEES, RYE, hit

DRAFTS = (
    Draft(text="The surface is at 464 °C.", tags=(1,), fate="written"),
    Draft(
        text="The surface is at 500 °C.", tags=(1,), fate="rewritten", check="numbers", reason="no 500", rewritten="464"
    ),
    Draft(text="Bread \x1b[31mis done.", tags=(2,), fate="dropped", check="names", reason="no Bread"),
)
WRITING = Writing(model="tiny", passages=2, drafts=DRAFTS, stopped="it took too long")
TRACE = Trace(hits=(hit(BEES), hit(RYE)), cosine=0.61, needed=0.4, writing=WRITING)
EXPLAINED = replace(ANSWER, trace=TRACE, timings_ms={"search": 12.5, "write": 900.0, "total": 950.0})


def test_everything_stands_on_one_screen() -> None:
    text = plain(explain(EXPLAINED))
    for part in (
        "Found: 2 passages",
        "bees.txt:1",
        "p(answerable) 0.90, 0.40 needed",
        "tiny was given 2 passages and wrote 3 sentences: 1 shown, 1 written anew, 1 left out.",
        "It was stopped: it took too long",
        "numbers: no 500",
        "anew: 464",
        "write 900 ms",
    ):
        assert part in text
    assert "\x1b" not in text
    assert len(text.splitlines()) <= 24


def test_a_refusal_is_explained_too_and_says_that_no_model_was_asked() -> None:
    text = plain(explain(replace(CLOSEST, trace=replace(TRACE, writing=None))))
    assert "No model was asked" in text
    assert "0.40 needed" in text


def test_what_left_no_trace_is_not_explained() -> None:
    assert explain(ANSWER) == []


def test_a_reader_can_tell_quotes_from_what_a_model_wrote() -> None:
    text = plain(render(ANSWER))
    assert "“The surface is at 464 °C.” [1]" in text
    assert "  Bread is done at 96 °C. [1] [2]" in text
    assert written(ANSWER.sentences) in text
    assert written([Sentence(text="x", citations=(1,))]) == ""
    assert "quotation marks" not in written([Sentence(text="x", citations=(1,), verbatim=False)])


class Telling(FakeAssistant):
    """Tells what an answer will say."""

    def ask(self, question: str, *, watch: Watch = NOBODY, **_more: object) -> Answer:
        watch.on_evidence([HEAT, BREAD])
        watch.on_sentence(ANSWER.sentences[0], [HEAT])
        return ANSWER


def test_a_terminal_shows_the_evidence_and_then_each_sentence() -> None:
    out = StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with preview(console) as watch:
        assistant: Assistant = Telling()
        assert assistant.ask("How hot is it?", watch=watch) is ANSWER
    assert "Clear Skies Tonight: Venus" in out.getvalue()
    assert "“The surface is at 464 °C.”" in out.getvalue()


def test_where_no_terminal_is_nothing_is_shown_and_any_assistant_can_be_asked() -> None:
    out = StringIO()
    with preview(Console(file=out)) as watch:
        assert watch is NOBODY
        assert FakeAssistant().ask("How hot is it?", watch=watch) is ANSWER
    assert out.getvalue() == ""
