"""`episodes.toml` beside the notes: what their owner decides about episodes, before anything that was read.

    [[episode]]
    file = "huberman/*.md"      # or id = "...", as `footnote notes` shows it; lines = "12-40" for a part of a file
    show = "Huberman Lab"       # title, number, guests, hosts, date and urls likewise; "" empties a field
    join = ["clips/sleep.md"]   # files, or ids; separate = [...] keeps apart

What cannot be used is a warning with its line, and costs only itself. Knows nothing of how notes are read.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import Any

from rapidfuzz import process

from rag.reading.episodes import Claim, Joined, join
from rag.reading.grouping import Wishes
from rag.types import EpisodeEntry, ReadWarning

FILE = "episodes.toml"
LARGEST = 1_000_000

_DATE = re.compile(r"(?:\d{4}(?:-\d\d(?:-\d\d)?)?|--\d\d-\d\d)")
_LINES = re.compile(r"(?P<first>\d{1,9})(?:\s*-\s*(?P<last>\d{1,9}))?")
_TARGET = re.compile(r"(?P<file>.+?):(?P<lines>\d+(?:-\d+)?)")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_TABLE = re.compile(r"\s*\[\[?\s*(?P<name>[\w\"'-]+)\s*\]\]?")
_PASSES = 4


class _Unusable(ValueError):
    """Why a value cannot be used, with what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a rule is about: the name of an episode or a note, or a pattern for several notes.

    Attributes:
        name: as the owner wrote it.
        file: pattern for notes; None where only an id is meant.
        lines: first and last line of the part of the note that is meant.
        id: an episode's id; None where only a file is meant.
    """

    name: str
    file: str | None = None
    lines: tuple[int, int] | None = None
    id: str | None = None

    def meets(self, entry: EpisodeEntry) -> bool:
        """Whether an entry of the file has to do with the lines."""
        first, last = self.lines or (1, entry.line_end)
        return first <= entry.line_end and entry.line_start <= last


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One `[[episode]]` of the file.

    Attributes:
        line: where it starts.
        target: what it is about; None for a rule that only joins or separates others.
        sets: fields of an entry and what they shall be.
    """

    line: int | None
    target: Target | None = None
    sets: Mapping[str, Any] = field(default_factory=dict)
    join: tuple[Target, ...] = ()
    separate: tuple[Target, ...] = ()

    @property
    def targets(self) -> tuple[Target, ...]:
        own = (self.target,) if self.target else ()
        return (*own, *self.join, *self.separate)


def read(folder: Path) -> tuple[tuple[Rule, ...], tuple[ReadWarning, ...]]:
    """The rules of the folder's `episodes.toml`, none where it has none, and what of it cannot be used."""
    path = folder / FILE
    try:
        if path.stat().st_size > LARGEST:
            return (), (_warning(f"The file is larger than {LARGEST / 1e6:.0f} MB and is not read. Shorten it.", None),)
        return parse(path.read_bytes())
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        return (), (_warning(f"The file cannot be read: {error.strerror or error}. Check its permissions.", None),)


def fingerprint(folder: Path) -> tuple[tuple[str, str], ...]:
    """(file, sha256) of the folder's `episodes.toml`, where it has one."""
    try:
        return ((FILE, hashlib.sha256((folder / FILE).read_bytes()).hexdigest()),)
    except OSError:
        return ()


def parse(data: bytes) -> tuple[tuple[Rule, ...], tuple[ReadWarning, ...]]:
    """The rules of the file, and what of it cannot be used."""
    try:
        text = data.decode("utf-8-sig")
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        reason = f"This is not TOML: {_AT.sub('', str(error)).strip()}. Mend the line; until then nothing here counts."
        return (), (_warning(reason, int(at[1]) if at else None),)
    except UnicodeDecodeError as error:
        return (), (_warning("The file is not UTF-8. Save it as UTF-8.", data.count(b"\n", 0, error.start) + 1),)
    except RecursionError:
        return (), (_warning("The file is nested too deep. Write one [[episode]] a correction.", None),)
    return _rules(text, document)


def joined(claims: Sequence[Claim], rules: Sequence[Rule]) -> tuple[Joined, tuple[ReadWarning, ...]]:
    """The claims joined to episodes as the rules want it, and a warning for every target that is nowhere.

    An id is looked for among the episodes as they are without the rules that name ids, then as they are with them.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for index, claim in enumerate(claims):
        places[_nfc(claim.entry.note_file)].append(index)
    found = {target: _covered(target, claims, places) for rule in rules for target in rule.targets if target.file}
    ids: dict[str, frozenset[int]] = {}
    result = join(_applied(claims, rules, found), _wishes(rules, found))
    wanted = {target.id for rule in rules for target in rule.targets if target.id and not found.get(target)}
    for _ in range(_PASSES):
        known = {episode.id: place for place, episode in enumerate(result.episodes)}
        new = {name: _members(result, known[name]) for name in wanted if name in known and name not in ids}
        if not new:
            break
        ids |= new
        found |= {t: ids[t.id] for rule in rules for t in rule.targets if t.id in ids and not found.get(t)}
        result = join(_applied(claims, rules, found), _wishes(rules, found))
    return result, tuple(_lost(rules, found, result, claims))


def _members(result: Joined, episode: int) -> frozenset[int]:
    return frozenset(index for index, place in enumerate(result.places) if place == episode)


def _covered(target: Target, claims: Sequence[Claim], places: Mapping[str, Sequence[int]]) -> frozenset[int]:
    """The entries that stand in the target's file, or the files that its pattern fits, and lines."""
    name = target.file or ""
    files = [name] if name in places else [file for file in places if fnmatchcase(file, name)]
    return frozenset(index for file in files for index in places[file] if target.meets(claims[index].entry))


def _applied(claims: Sequence[Claim], rules: Sequence[Rule], found: Mapping[Target, frozenset[int]]) -> list[Claim]:
    changed = list(claims)
    for rule in rules:
        for index in found.get(rule.target, ()) if rule.target and rule.sets else ():
            changed[index] = _corrected(changed[index], rule.sets)
    return changed


def _corrected(claim: Claim, sets: Mapping[str, Any]) -> Claim:
    kept = tuple(pair for pair in claim.entry.origins if pair[0] not in sets)
    entry = replace(claim.entry, **sets, origins=(*kept, *((name, "override") for name in sets)))
    return replace(claim, entry=entry, guessed=claim.guessed and "guests" not in sets)


def _wishes(rules: Sequence[Rule], found: Mapping[Target, frozenset[int]]) -> Wishes:
    together: list[frozenset[int]] = []
    apart: dict[int, frozenset[int]] = {}
    for rule in rules:
        own = (rule.target,) if rule.target else ()
        if rule.join:
            together.append(frozenset().union(*(found.get(target, frozenset()) for target in (*own, *rule.join))))
        sides = [found.get(target, frozenset()) for target in (*own, *rule.separate)] if rule.separate else []
        for one, other in combinations(sides, 2):
            for some, others in ((one, other - one), (other, one - other)):
                apart |= {index: apart.get(index, frozenset()) | others for index in some}
    return Wishes(together=tuple(filter(None, together)), apart=apart)


def _lost(
    rules: Sequence[Rule], found: Mapping[Target, frozenset[int]], result: Joined, claims: Sequence[Claim]
) -> Iterator[ReadWarning]:
    """A warning for each target that matches nothing, with the name that comes nearest."""
    for rule in rules:
        for target in rule.targets:
            if found.get(target):
                continue
            names = {claim.entry.note_file: None for claim in claims} | {e.id: None for e in result.episodes}
            near = process.extractOne(target.name, list(names), score_cutoff=60)
            hint = f"Did you mean {near[0]!r}?" if near else "`footnote notes` lists the files and the episodes."
            yield _warning(f"No note or episode is called {target.name!r}. {hint}", rule.line)


def _rules(text: str, document: Mapping[str, Any]) -> tuple[tuple[Rule, ...], tuple[ReadWarning, ...]]:
    warnings = [
        _warning(f"{name!r} means nothing here. Write [[episode]] above each correction.", _line_of(text, name))
        for name in document
        if name != "episode"
    ]
    tables = document.get("episode", [])
    tables = [tables] if isinstance(tables, dict) else tables if isinstance(tables, list) else [tables]
    rules: list[Rule] = []
    for table, (first, last) in zip(tables, _spans(text, len(tables)), strict=True):
        if not isinstance(table, dict):
            warnings.append(_warning("This is no table. Write [[episode]] above each correction.", first))
            continue
        rule, troubles = _rule(table, first)
        warnings += [_warning(reason, _key_line(text, key, first, last)) for key, reason in troubles]
        rules += [rule] if rule else []
    return tuple(rules), tuple(warnings)


def _rule(table: Mapping[str, Any], line: int | None) -> tuple[Rule | None, list[tuple[str, str]]]:
    """One rule, and (key, reason) for what of it cannot be used; None where nothing is left."""
    found: dict[str, Any] = {}
    troubles: list[tuple[str, str]] = []
    for key, value in table.items():
        try:
            found[key] = _reader(key)(value)
        except _Unusable as error:
            troubles.append((key, f"{key}: {error}"))
    wrong = {key for key, _ in troubles} & {"file", "id", "lines"}
    target = _own_target(found)
    sets = {key: found[key] for key in _FIELDS if key in found}
    rule = Rule(line=line, target=target, sets=sets, join=found.get("join", ()), separate=found.get("separate", ()))
    if wrong:
        return None, troubles
    if target is None and (sets or not (rule.join or rule.separate)):
        return None, [*troubles, ("", 'Nothing says which episode this is about. Add file = "..." or id = "...".')]
    if not sets and not rule.join and not rule.separate and not troubles:
        troubles.append(("", "This changes nothing. Add a field such as title, or join or separate."))
    return rule, troubles


def _own_target(found: Mapping[str, Any]) -> Target | None:
    file, id_, lines = found.get("file"), found.get("id"), found.get("lines")
    name = file or id_
    return Target(name=name, file=file, lines=lines, id=None if file else id_) if name else None


def _reader(key: str) -> Callable[[Any], Any]:
    if key not in _READERS:
        raise _Unusable(f"unknown; the fields are {', '.join(_READERS)}.")
    return _READERS[key]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Unusable('this must be text in quotes, such as "...".')
    return " ".join(value.split())


def _show(value: object) -> str | None:
    return _text(value) or None


def _name(value: object) -> str:
    return _nfc(_text(value)).removeprefix("./")


def _number(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise _Unusable("this must be a number, such as 12.")
    return str(value).strip().lstrip("0") or None


def _list(value: object) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise _Unusable('this must be a list of texts, such as ["...", "..."].')
    return tuple(filter(None, (" ".join(item.split()) for item in values)))


def _date(value: object) -> str | None:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if value == "":
        return None
    if isinstance(value, str) and _DATE.fullmatch(value) and _exists(value):
        return value
    raise _Unusable('this is no date. Write "2024-05-12", or what is known of it: "2024-05", "2024", "--05-12".')


def _exists(iso: str) -> bool:
    full = f"2000{iso[1:]}" if iso.startswith("--") else iso + "-01-01"[len(iso) - 4 :]
    try:
        date.fromisoformat(full)
    except ValueError:
        return False
    return True


def _urls(value: object) -> tuple[str, ...]:
    urls = _list(value)
    if not all(re.fullmatch(r"https?://[^\s<>\"]+", url) for url in urls):
        raise _Unusable('each must be an address, such as "https://example.org/12".')
    return urls


def _lines(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2:
        value = f"{value[0]}-{value[1]}"
    match = _LINES.fullmatch(str(value).strip())
    if not match or isinstance(value, bool):
        raise _Unusable('this must be lines, such as "12-40".')
    return int(match["first"]), int(match["last"] or match["first"])


def _targets(value: object) -> tuple[Target, ...]:
    return tuple(map(target, _list(value)))


def target(text: str) -> Target:
    """What `notes.md`, `notes.md:12-40` or an episode's id stands for in `join` and `separate`."""
    match = _TARGET.fullmatch(text)
    if match:
        return Target(name=text, file=_name(match["file"]), lines=_lines(match["lines"]))
    return Target(name=text, file=_name(text), id=text)


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "show": _show,
    "title": _text,
    "number": _number,
    "guests": _list,
    "hosts": _list,
    "date": _date,
    "urls": _urls,
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "file": _name,
    "lines": _lines,
    "id": _text,
    **_FIELDS,
    "join": _targets,
    "separate": _targets,
}


def _spans(text: str, count: int) -> list[tuple[int | None, int | None]]:
    """First and last line of each `[[episode]]`; unknown where they are written in another way."""
    lines = text.splitlines()
    headers = [(n, m["name"].strip("\"'")) for n, line in enumerate(lines, 1) if (m := _TABLE.match(line))]
    starts = [n for n, name in headers if name == "episode"]
    if len(starts) != count:
        return [(None, None)] * count
    ends = [min((n - 1 for n, _ in headers if n > start), default=len(lines)) for start in starts]
    return list(zip(starts, ends, strict=True))


def _key_line(text: str, key: str, first: int | None, last: int | None) -> int | None:
    if not first or not key:
        return first
    return _line_of("\n".join(text.splitlines()[: last or first]), key, after=first) or first


def _line_of(text: str, name: str, *, after: int = 0) -> int | None:
    """The line that sets the key or opens the table `name`."""
    pattern = re.compile(rf"\s*(?:\[\[?\s*)?[\"']?{re.escape(name)}[\"']?\s*(?:[=.\]])")
    return next((n for n, line in enumerate(text.splitlines(), 1) if n > after and pattern.match(line)), None)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _warning(reason: str, line: int | None) -> ReadWarning:
    return ReadWarning(file=FILE, line=line, reason=reason)
