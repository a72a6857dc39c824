"""A report as Markdown that any reader shows alike: what the notes say can neither format nor link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from bot import wording
from bot.files.report import EPISODES, MODEL_WROTE, Chapter, Quote, Report, opening
from bot.language import _

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~&!$=^@]|:(?=//)|(?<=\bwww)\.|^[-+]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")


def markdown(report: Report) -> str:
    """The whole file, ending in a line feed."""
    lines = [f"# {escaped(report.topic)}", "", opening(report), ""]
    for chapter in report.chapters:
        lines += _chapter(chapter)
    lines += [line for remark in report.remarks for line in (escaped(remark), "")]
    lines += [f"## {_(EPISODES)}", "", *(f"- {escaped(name)}" for name in report.episodes)]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """A line of text that shows as it is, whatever it holds."""
    return _SPECIAL.sub(lambda match: "\\" + match[0], text.strip())


def _chapter(chapter: Chapter) -> Iterator[str]:
    if chapter.theme:
        yield from (f"## {escaped(chapter.theme)}", "")
    for point in chapter.points:
        if point.said:
            yield from (f"**{escaped(point.said)}**", "", f"*{_(MODEL_WROTE)}*", "")
        for each in point.quotes:
            yield from _quote(each)


def _quote(each: Quote) -> Iterator[str]:
    """The quote; around it, smaller, what stands there in the note; then its source."""
    yield from (f"> {wording.quoted(escaped(each.text))}", "")
    source = escaped(each.source)
    yield f"\\[{each.n}\\] " + (f"[{source}](<{_address(each.url)}>)" if each.url else source)
    yield ""
    before, after = _("before"), _("after")
    context = [*((before, text) for text in each.before), *((after, text) for text in each.after)]
    for place, text in context:
        yield f"- *{place}:* {escaped(text)}"
    if context:
        yield ""


def _address(url: str) -> str:
    return quote(url, safe="%/:?#@!$&'()*+,;=~[]")
