"""Front matter: YAML between `---`, TOML between `+++`, JSON in braces; its fields, and the notes kept inside it.

YAML is read as a tree of strings: no types are guessed (`308` stays a number's digits, a date stays as written)
and nothing is expanded. Aliases are refused, as a few lines of them can stand for billions. Front matter
that is not valid is still read, line by line, and said to be so.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import yaml

from rag.phrase import Phrase
from rag.reading.readers import header as headers
from rag.reading.readers.base import Source, Unit
from rag.reading.readers.blocks import blocks, infer_headings, units
from rag.reading.readers.header import About
from rag.reading.text import Line
from rag.types import ReadWarning

_MOST_LINES, _MOST_CHARACTERS, _DEEPEST = 2_000, 500_000, 20
_KEY = re.compile(
    r"\s{0,8}(?:(?P<quote>[\"'])(?P<quoted>[^\"']{1,60})(?P=quote)|(?P<key>\w[\w .-]{0,40}?))\s*[:=](?=\s|$|[\"\[{])"
)
_LINE = re.compile(r"(?P<key>[\w][\w .-]{0,40}?)\s*:(?:\s+(?P<value>.*)|\s*)$")
_NOTE_KEYS = """
    notes note my_notes highlights highlight quotes quote takeaways key_takeaways summary description body content text
    comments comment thoughts bookmarks snips transcript abstract tldr chapters timestamps ideas key_ideas
"""
_CONTAINERS = frozenset({"extra", "params", "metadata", "meta", "data", "fields"})
_NOTES = frozenset(_NOTE_KEYS.split())
_SCALAR = re.compile(r"\s*(?:[|>][+-]?\d?\s*$|(?P<quote>'''|\"\"\"|[\"'])?)")
_TOO_LONG = Phrase("The front matter is too long to be read as {kind}; it was read line by line.")
_ALIASES = Phrase(
    "The front matter uses YAML aliases, which are not expanded; it was read line by line. Write the text out."
)
_NOT_VALID = Phrase("The front matter is not valid {kind} ({why}); it was read line by line.")

Fields = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Front:
    """A file's front matter.

    Attributes:
        lines: number of lines it takes up, fences included; 0 for none.
        naming: first and last line (1-based) of each run of lines that name the episode.
        units: passages of the notes that stand inside it.
    """

    about: About = field(default_factory=About)
    lines: int = 0
    naming: tuple[tuple[int, int], ...] = ()
    units: tuple[Unit, ...] = ()
    warnings: tuple[ReadWarning, ...] = ()


def front_matter(source: Source) -> Front:
    """The block at the top of the file, if there is one."""
    first = source.lines[0].text.strip("\ufeff \t") if source.lines else ""
    closing = _closing(source.lines, first)
    if closing is None:
        return Front()
    inner = source.lines[:closing] if first == "{" else source.lines[1:closing]
    body = source.text[inner[0].start : inner[-1].end] if inner else ""
    if first == "{":
        body = body.lstrip("\ufeff") + "}"
    fields, trouble = _parsed(body, first)
    if fields is None:
        fields = _by_line(inner)
    if not fields and inner and first != "+++":
        return Front()
    spots = _spots(inner)
    about = headers.of_fields(fields).marked("front matter")
    warnings = (ReadWarning(file=source.file, line=2, reason=trouble),) if trouble else ()
    found = tuple(_notes(source, spots, fields))
    return Front(about=about, lines=closing + 1, naming=_naming(spots, fields), units=found, warnings=warnings)


def _closing(lines: Sequence[Line], first: str) -> int | None:
    """Index of the line that closes front matter opened by `first`."""
    ends = {"---": ("---", "..."), "+++": ("+++",), "{": ("}",)}.get(first)
    if ends is None:
        return None
    return next((n for n, line in enumerate(lines[1:_MOST_LINES], 1) if line.text in ends), None)


def _parsed(body: str, first: str) -> tuple[Fields | None, str | None]:
    """The fields, or None with a sentence that says what is wrong."""
    kind = {"---": "YAML", "+++": "TOML", "{": "JSON"}[first]
    if len(body) > _MOST_CHARACTERS:
        return None, _TOO_LONG.format(kind=kind)
    try:
        data = _PARSERS[kind](body)
    except _Aliases:
        return None, _ALIASES
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError, OverflowError) as error:
        return None, _NOT_VALID.format(kind=kind, why=_short(error))
    if not isinstance(data, Mapping):
        return {}, None
    fields: Fields = {}
    for key, value in _flat(data, ()):
        fields.setdefault(key, []).append(value)
    return fields, None


def _short(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or (str(error) or type(error).__name__).splitlines()[0][:80]
    return f"{problem}, line {mark.line + 2}" if mark else str(problem)


class _Aliases(yaml.YAMLError):
    """An alias in the front matter."""


class _Strings(yaml.SafeLoader):
    """Every scalar a string; aliases refused."""

    yaml_implicit_resolvers = {}  # noqa: RUF012

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _Aliases
        return super().compose_node(parent, index)


def _yaml(body: str) -> object:
    loader = _Strings(body)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


_PARSERS: Mapping[str, Callable[[str], object]] = {"YAML": _yaml, "TOML": tomllib.loads, "JSON": json.loads}


def _flat(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(key, value) of each leaf; keys of nested tables are joined by `_`."""
    if len(path) > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, (*path, _plain(str(key))))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, path)
    elif value is not None and (text := str(value).strip()):
        yield "_".join(path[1:] if len(path) > 1 and path[0] in _CONTAINERS else path), text


def _plain(key: str) -> str:
    return re.sub(r"[\s-]+", "_", key.strip().lower())


def _by_line(lines: Sequence[Line]) -> Fields:
    """Fields of front matter that no parser takes: `key: value`, with the lines below a key as its list or its text."""
    parts: Fields = {}
    key = ""
    for line in lines:
        if match := _LINE.match(line.text.lstrip("\t")):
            key = _plain(match["key"])
            parts.setdefault(key, []).append(match["value"] or "")
        elif key and line.text.strip():
            parts[key].append(line.text.strip())
    return {key: found for key, values in parts.items() if (found := _value(values))}


def _value(parts: Sequence[str]) -> list[str]:
    first = parts[0].strip()
    if first.startswith("[") and first.endswith("]"):
        parts = first[1:-1].split(",")
    elif any(part.startswith("- ") for part in parts[1:]):
        parts = [part[2:] for part in parts if part.startswith("- ")]
    else:
        parts = [" ".join(part for part in parts if part)]
    return [value for part in parts if (value := part.strip().strip("\"'").strip())]


def _spots(lines: Sequence[Line]) -> dict[str, tuple[int, int]]:
    """First and last line of each outermost key; indented lines belong to the key above."""
    spots: dict[str, tuple[int, int]] = {}
    key = ""
    depth = 99
    for line in lines:
        match = _KEY.match(line.text)
        indent = len(line.text) - len(line.text.lstrip())
        if match and indent <= depth and not line.text.lstrip().startswith("- "):
            depth = indent
            named = _plain(match["quoted"] or match["key"])
            key = "" if named in spots else named
            spots.setdefault(named, (line.number, line.number))
        elif key and line.text.strip(" \t{}"):
            spots[key] = (spots[key][0], line.number)
    return spots


def _naming(spots: Mapping[str, tuple[int, int]], fields: Fields) -> tuple[tuple[int, int], ...]:
    """The runs of neighbouring lines that hold a title, a show, guests, a date or a link."""
    keys = {
        key: headers.key(key) for key in spots if key in fields or any(name.startswith(key + "_") for name in fields)
    }
    names = {"title", "show", "guests"}
    if not names & {*keys.values()} and not names & {headers.key(key) for key in fields}:
        return ()
    runs: list[tuple[int, int]] = []
    for first, last in sorted(
        spots[key] for key, kind in keys.items() if kind not in (None, "kind", "author", "other", "category")
    ):
        if runs and first == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return tuple(runs)


def _notes(source: Source, spots: Mapping[str, tuple[int, int]], fields: Fields) -> Iterator[Unit]:
    """Passages of the values that are notes: blocks of the lines as they stand, under the key as a heading."""
    for key, (first, last) in spots.items():
        if key not in _NOTES or (key not in fields and not any(name.startswith(key + "_") for name in fields)):
            continue
        lines = list(_value_lines(source.lines[first - 1 : last]))
        section = (key.replace("_", " ").capitalize(),)
        for unit in units(infer_headings(blocks(source, lines))):
            yield replace(unit, section=(*section, *unit.section))


def _value_lines(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines of one key's value: what follows the key on its line, without a block mark or an opening quote."""
    key = _KEY.match(lines[0].text)
    skip = key.end() if key else 0
    scalar = _SCALAR.match(lines[0].text, skip)
    quote = scalar["quote"] if scalar else None
    skip = scalar.end() if scalar else skip
    yield _part(lines[0], skip, quote if len(lines) == 1 else None)
    yield from lines[1:-1]
    if len(lines) > 1:
        yield _part(lines[-1], 0, quote)


def _part(line: Line, skip: int, quote: str | None) -> Line:
    text = line.text[skip:]
    text = text.removesuffix(",").removesuffix(quote) if quote and text.rstrip(",").endswith(quote) else text
    return replace(line, start=line.start + skip, end=line.start + skip + len(text.rstrip()), text=text.rstrip())
