"""`footnote report`: what all episodes say about a topic, as a file to keep or to share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.opened import Data, Notes, opened
from bot.commands.timeline import check_out, no_file, write
from bot.files.report import Report

KINDS = (".md", ".html", ".pdf")

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def report(
    ctx: typer.Context,
    topic: Annotated[list[str], typer.Argument(help="A word or a few.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="A .md, .html or .pdf file.", show_default=False)],
    notes: Notes = None,
    data: Data = None,
) -> None:
    """Write what all episodes say about a topic into a file, with every quote, its context and its link.

    Where the notes do not cover it, there is no file, and the command ends with code 3.
    """
    from bot.files.report import report_on
    from bot.files.report_pdf import check_pdf
    from bot.question import check_question
    from rag.types import NotCovered

    text = check_question(" ".join(topic), what="topic")
    check_out(out, KINDS)
    if out.suffix.casefold() == ".pdf":
        check_pdf()
    with opened(ctx.obj, notes, data) as assistant:
        result = assistant.topic(text)
        if isinstance(result, NotCovered):
            no_file(result, out)
        made = report_on(result, assistant)
    write(out, content(made, out.suffix.casefold()))


def content(made: Report, kind: str) -> bytes | str:
    """The report as a file of this kind. Raises NoPdf."""
    if kind == ".md":
        from bot.files.report_markdown import markdown

        return markdown(made)
    if kind == ".html":
        from bot.files.report_html import html

        return html(made)
    from bot.files.report_pdf import pdf

    return pdf(made)
