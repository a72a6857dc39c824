"""Gathers every sentence that users read into the catalogues of translations, and says what each still misses.

Run `make messages` after a sentence was added or changed, `make messages NEW=fr` to begin a language. A sentence is
what stands in a call of `_`, `pgettext`, `ngettext` or `Phrase`, and what the commands in Discord are called and say.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import discord
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot.discord.commands import Commands, add_commands
from bot.discord.owner_commands import add_owner_commands
from bot.discord.speech import NAME
from bot.discord.topics import add_topic_commands
from bot.language import FOLDER

ROOT = Path(__file__).parents[1]
SOURCES = ("bot", "rag")
HEADER = "# What Footnote says in another language; docs/languages.md says how to change it.\n#"
ABOUT: Mapping[str, Any] = {
    "project": "Footnote",
    "version": "1",
    "msgid_bugs_address": "docs/languages.md",
    "last_translator": "nobody in particular",
    "language_team": "none",
    "creation_date": datetime(2026, 1, 1, tzinfo=UTC),
    "revision_date": datetime(2026, 1, 1, tzinfo=UTC),
}
"""What a catalogue says of itself: nothing that changes by itself."""

CALLS = ("_", "Phrase", "pgettext", "ngettext")
LONGEST_DESCRIPTION = 100  # that Discord shows of a command

_FIELD = re.compile(r"\{(\w*)\}")
_COMMAND = re.compile(r"[-_'\w]{1,32}")  # what can be typed behind the slash


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """Something to translate; `many`: how it is said of more than one."""

    text: str
    many: str = ""
    context: str | None = None
    file: str

    @property
    def id(self) -> str | tuple[str, str]:
        """As a catalogue lists it."""
        return (self.text, self.many) if self.many else self.text


def main(new: str = "") -> int:
    """Bring every catalogue up to date, and begin the one that is named; how many of them miss something."""
    everything = template()
    if new:
        begun = Catalog(locale=new, header_comment=HEADER, fuzzy=False, **ABOUT)
        (FOLDER / f"{new}.po").write_bytes(_written(begun))
    wrong = 0
    for file in sorted(FOLDER.glob("*.po")):
        catalogue = _read(file)
        catalogue.update(everything, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        file.write_bytes(_written(catalogue))
        found = troubles(catalogue, everything)
        wrong += bool(found)
        print("\n".join([f"{file.name}: {len(everything)} sentences, {len(found)} to mend", *found]))  # noqa: T201
    return wrong


def template() -> Catalog:
    """Every sentence there is, without a translation."""
    catalogue = Catalog(fuzzy=False)
    for sentence in (*_in_code(), *_in_commands()):
        catalogue.add(sentence.id, context=sentence.context, locations=[(sentence.file, 1)])
    return catalogue


def troubles(catalogue: Catalog, everything: Catalog) -> list[str]:
    """What a catalogue misses and what it gets wrong, a line each."""
    pairs = [(message, catalogue.get(message.id, message.context)) for message in everything if message.id]
    gone = [each.id for each in catalogue if each.id and everything.get(each.id, each.context) is None]
    found = [f"{trouble}: {message.id!r}" for message, said in pairs if (trouble := _trouble(message, said))]
    return [*found, *(f"no longer said: {text!r}" for text in gone)]


def catalogues() -> dict[str, Catalog]:
    """Every catalogue by its language."""
    return {file.stem: _read(file) for file in sorted(FOLDER.glob("*.po"))}


def _trouble(message: Message, translated: Message | None) -> str:
    """What is wrong with one translation; "" where nothing is."""
    if translated is None or translated.fuzzy or not all(_texts(translated.string)):
        return "not translated"
    wanted = set(_FIELD.findall(_texts(message.id)[-1]))
    if any(set(_FIELD.findall(text)) != wanted for text in _texts(translated.string)):
        return "other fields in braces"
    typed = message.context == NAME and " " not in str(message.id)
    if typed and not (_COMMAND.fullmatch(str(translated.string)) and str(translated.string).islower()):
        return "not a name that can be typed as a command"
    shown = any(file == "commands" for file, _line in message.locations)
    if shown and len(str(translated.string)) > LONGEST_DESCRIPTION:
        return f"longer than {LONGEST_DESCRIPTION} characters"
    return ""


def _texts(of: object) -> tuple[str, ...]:
    return tuple(str(each or "") for each in (of if isinstance(of, list | tuple) else (of,)))


def _in_code() -> Iterator[Sentence]:
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                    yield from _of_call(node.func.id, node, path.relative_to(ROOT).as_posix())


def _of_call(name: str, call: ast.Call, file: str) -> Iterator[Sentence]:
    if any(isinstance(each, ast.JoinedStr | ast.BinOp) for each in call.args):
        raise SystemExit(f"{file}:{call.lineno}: only a literal can be translated; use {{fields}} and format().")
    texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if name == "pgettext" and len(texts) == 2:
        yield Sentence(context=texts[0], text=texts[1], file=file)
    elif name == "ngettext" and len(texts) == 2:
        yield Sentence(text=texts[0], many=texts[1], file=file)
    elif name in ("_", "Phrase") and texts and texts[0]:
        yield Sentence(text=texts[0], file=file)


def _in_commands() -> Iterator[Sentence]:
    tree = Commands(discord.Client(intents=discord.Intents.none()))
    nobody = cast("Any", None)  # nothing is carried out
    add_commands(tree, nobody)
    add_topic_commands(tree, nobody)
    add_owner_commands(tree, nobody)
    menus = [tree.get_commands(type=kind) for kind in (discord.AppCommandType.message, discord.AppCommandType.user)]
    for menu in (each for several in menus for each in several):
        yield _named(menu.name)
    yield from _of_commands(tree.get_commands(type=discord.AppCommandType.chat_input))


def _of_commands(commands: Iterable[app_commands.Command[Any, ..., Any] | app_commands.Group]) -> Iterator[Sentence]:
    for command in commands:
        yield _named(command.name)
        yield _described(command.description)
        if isinstance(command, app_commands.Group):
            yield from _of_commands(command.commands)
            continue
        for option in command.parameters:
            yield _named(option.display_name)
            yield _described(str(option.description))
            yield from (_described(choice.name) for choice in option.choices if choice._locale_name)


def _named(text: str) -> Sentence:
    return Sentence(text=text, context=NAME, file="commands")


def _described(text: str) -> Sentence:
    return Sentence(text=text, file="commands")


def _read(file: Path) -> Catalog:
    with file.open("rb") as lines:
        return read_po(lines, locale=file.stem)


def _written(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalogue, width=110, include_lineno=False, sort_by_file=True)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
