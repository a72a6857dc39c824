"""A measurement as a page to read: figures with intervals, three charts, the twenty worst questions.

Written once, as Markdown; the HTML page is made of that, with the charts inside it, and needs nothing else. What notes
and questions say is untrusted and is shown as it stands: it can set no link and no tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from rag.errors import StorageFull
from rag.lab.charts import charts

Json = Mapping[str, Any]
WORST = 20
SHOWN_HITS = 3
_LONGEST = 300
_CAPTIONS = {
    "risk-coverage": "Risk and coverage: how many answerable questions are answered while that share of the others is",
    "reliability": "Reliability: of the questions with that p(answerable), how many are answerable",
    "hits-by-kind": "Hits by kind: answerable questions whose passage stands first, or among the first five",
}
_STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;border-bottom:1px solid #8886;text-align:left}
td+td{white-space:nowrap}
svg{width:100%;height:auto}blockquote{margin:.3rem 0;padding-left:.8rem;border-left:3px solid #8888}
small{color:#808080}"""


def write_report(document: Json, target: Path, *, title: str) -> list[Path]:
    """Write the report and say which files it is: a folder's `report.md`, `report.html` and charts, or one file.

    A `target` that ends in .html is one page with the charts in it; one that ends in .md has the charts beside it;
    anything else is a folder. Raises StorageFull, ChartsMissing.
    """
    pictures = charts(document["aggregates"])
    page = markdown(document, title=title)
    folder = target.parent if target.suffix in (".md", ".html") else target
    beside = {folder / f"{name}.svg": svg for name, svg in pictures.items()} if target.suffix != ".html" else {}
    pages = {
        ".md": {target: page},
        ".html": {target: html(page, pictures, title=title)},
    }.get(target.suffix, {target / "report.md": page, target / "report.html": html(page, pictures, title=title)})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in {**pages, **beside}.items():
            path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise StorageFull(f"The report cannot be written to {target} ({error.strerror}).") from error
    return list(pages)


def markdown(document: Json, *, title: str) -> str:
    """The whole report; charts are named as `NAME.svg` beside it."""
    figures = document["aggregates"]
    parts = [
        f"# {escaped(title)}",
        _figures(figures),
        _gate(figures),
        *(f"![{caption}]({name}.svg)" for name, caption in _CAPTIONS.items()),
        _outcomes(figures["outcomes_by_kind"]),
        f"## The {WORST} worst questions",
        "An answerable question is the worse the later its passage comes, another one the surer it was answered.",
        *(part for record in worst(document["questions"]) for part in _worst(record)),
    ]
    return "\n\n".join(parts) + "\n"


def worst(records: Sequence[Json]) -> list[Json]:
    """The twenty worst of the labelled questions, the worst first."""
    labelled = [record for record in records if record["answerable"] is not None]
    return sorted(labelled, key=badness, reverse=True)[:WORST]


def badness(record: Json) -> tuple[float, float]:
    """How badly a question went, 0 to 1, and what breaks ties."""
    if record["answerable"]:
        return 1 - 1 / record["gold_rank"] if record["gold_rank"] else 1.0, 1 - record["p_answerable"]
    return (record["p_answerable"] if record["outcome"] == "answer" else 0.0), record["p_answerable"]


def _figures(figures: Json) -> str:
    shares = {
        **{f"hit{k}": value for k, value in figures["hit"].items()},
        "answerable questions answered": figures["answered"],
        "other questions answered": figures["answered_wrongly"],
        "answers that cite what answers": figures["answers_citing_gold"],
        "citations that show what answers": figures["citation_precision"],
        "answers within 30 s of the minute": figures["minute"],
        "quotes that stand in their note to the byte": figures["quotes_byte_exact"],
    }
    rows = [
        (name, number(v["value"]), ends((v["low"], v["high"])), str(v["n"])) for name, v in shares.items() if v["n"]
    ]
    rows.append(("MRR", number(figures["mrr"]), "", str(figures["answerable"])))
    return table(("", "value", "95% interval", "n"), rows)


def _gate(figures: Json) -> str:
    deleted, alone = figures["deletion"], figures["question_only"]
    rows = [
        ("with and without its passage", *_both(deleted, "answered_interval"), str(deleted["n"])),
        (
            "the same, passage among the first ten",
            *_both(deleted["found"], "answered_interval"),
            str(deleted["found"]["n"]),
        ),
        ("the same, by the question alone", *_both(alone["deletion"]), str(deleted["n"])),
        ("written answerable and unanswerable questions", *_both(figures), str(figures["count"])),
        ("the same, by the question alone", *_both(alone["written"]), str(figures["count"])),
    ]
    return "## The gate\n\n" + table(("asked", "AUROC", "95%", "answered at 10% of the others", "95%", "n"), rows)


def _both(figures: Json, answered: str = "") -> tuple[str, str, str, str]:
    return (
        number(figures["auroc"]),
        ends(figures.get("auroc_interval")),
        number(figures["answered_at_risk"]),
        ends(figures.get(answered)),
    )


def _outcomes(kinds: Json) -> str:
    rows = [
        (kind or "all", *(str(row[k]) for k in ("n", "answer", "closest", "not_covered")))
        for kind, row in kinds.items()
    ]
    return "## Outcomes by kind\n\n" + table(("kind", "n", "answer", "closest", "not covered"), rows)


def _worst(record: Json) -> Iterator[str]:
    wanted = "answerable" if record["answerable"] else "not covered"
    place = f", its passage at place {record['gold_rank'] or 'none of 20'}" if record["answerable"] else ""
    yield f"### {escaped(record['id'])}: {escaped(record['question'])}"
    outcome = f"came out as {escaped(record['outcome'])} with p {record['p_answerable']:.2f}"
    yield f"{wanted} ({escaped(record['kind'])}), {outcome}{place}"
    if record["gold"]:
        yield "What stood right:"
        yield from map(_passage, record["gold"][:SHOWN_HITS])
    yield "What was retrieved:"
    yield from map(_passage, record["hits"][:SHOWN_HITS])


def _passage(passage: Json) -> str:
    text = " ".join(passage["text"].split())
    short = text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
    return f"> {escaped(passage['note_file'])}:{passage['line_start']} {escaped(short)}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def escaped(text: str) -> str:
    """`text` on one line with everything that Markdown or HTML would act on made harmless."""
    return re.sub(r"([\\`*\[\]<>#|~&@]|(?<!\w)_|_(?!\w)|:(?=//))", r"\\\1", " ".join(text.split()))


def number(value: float | None) -> str:
    """Three decimals, or a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def ends(interval: Sequence[float | None] | None) -> str:
    """An interval in words; nothing for none."""
    return f"{interval[0]:.2f} to {interval[1]:.2f}" if interval and interval[0] is not None else ""


def html(page: str, pictures: Mapping[str, str], *, title: str) -> str:
    """The Markdown page as one HTML file with the pictures inside it."""

    class Inlined(RendererHTML):
        """Puts a chart where the page names its file."""

        def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
            name = str(tokens[idx].attrs["src"]).removesuffix(".svg")
            return f"{pictures[name]}<br><small>{self.renderInlineAsText(tokens[idx].children, options, env)}</small>"

    body = MarkdownIt("commonmark", {"html": False}, renderer_cls=Inlined).enable("table").render(page)
    name = title.replace("&", "&amp;").replace("<", "&lt;")
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head><body>\n{body}</body></html>\n'
