"""`footnote doctor`: is everything there that the bot needs, and what mends what is not.

Looks only; `bot/checkup/` says at what. (What is amiss with the notes is `footnote notes check`.) What people read
speaks the owner's language; what programs read is English, whoever runs it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.checkup import Check
from bot.commands.opened import AsJson, Data
from bot.health.pulse import SILENT, last_beat, silence
from bot.language import _, known, ngettext, number, of_the_system, speak
from bot.settings import Settings, SettingsError, load_settings
from bot.version import installed
from bot.wording import clean
from rag.phrase import Phrase

app = typer.Typer(add_completion=False, rich_markup_mode=None)

MARKS = {"ok": Phrase("ok"), "look": Phrase("look"), "bad": Phrase("MEND")}
SETTINGS, ALIVE = Phrase("settings"), Phrase("alive")


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask Discord nothing.")] = False,
    alive: Annotated[bool, typer.Option("--alive", help="Only whether the bot runs and is well.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Look whether everything is there that the bot needs; ends with code 1 where something has to be mended."""
    speak(known(os.environ.get("FOOTNOTE_LANGUAGE", "")) or of_the_system())
    checks = list(examined(data, offline=offline, only_alive=alive))
    if as_json:
        from bot.json_face import dumps

        typer.echo(dumps(doctor_json(checks)))
    else:
        for line in lines(checks):
            typer.echo(line)
    raise typer.Exit(1 if any(check.outcome == "bad" for check in checks) else 0)


def examined(data: Path | None = None, *, offline: bool, only_alive: bool = False) -> Iterator[Check]:
    """Every check, the settings first: without them nothing else can be looked at. Speaks their language from then."""
    try:
        settings = load_settings(data=data)
    except SettingsError as error:
        yield Check(name=SETTINGS, outcome="bad", what=error.message, remedy=error.remedy)
        return
    if "language" in settings.model_fields_set:
        speak(settings.language)
    if only_alive:
        yield is_alive(os.environ, settings.data)
        return
    yield Check(name=SETTINGS, outcome="ok", what=Phrase("They can be read."))
    yield from _examined(settings, offline=offline)


def _examined(settings: Settings, *, offline: bool) -> Iterator[Check]:
    from bot.checkup import carried_out, files, machine, online, servers

    yield from carried_out(machine.checks(settings))
    yield from carried_out(files.checks(settings))
    yield from carried_out(servers.checks(settings))
    if not offline:
        yield from online.checks(settings.discord)


def is_alive(environment: Mapping[str, str], data: Path) -> Check:
    """Whether the bot that keeps its data in `data` runs and is well, by its last beat."""
    file = last_beat(environment, data)
    if file is None:
        return Check(
            name=ALIVE,
            outcome="bad",
            what=Phrase(
                "Nobody can tell: neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set, where a bot leaves its beat."
            ),
            remedy=Phrase("Set one of them for the bot, and here."),
        )
    silent = silence(file)
    if silent is None:
        what = Phrase("No bot runs whose data is in {folder}.").format(folder=str(data.resolve()))
        remedy = Phrase("Start it: footnote bot; or name the folder of another one with --data.")
        return Check(name=ALIVE, outcome="bad", what=what, remedy=remedy)
    if silent > SILENT:
        what = Phrase("The bot has not said that it is well for {n} s.").format(n=round(silent))
        return Check(name=ALIVE, outcome="bad", what=what, remedy=Phrase("Restart it, and look into its log."))
    return Check(name=ALIVE, outcome="ok", what=Phrase("The bot runs and is well."))


def doctor_json(checks: Iterable[Check]) -> dict[str, Any]:
    """What `footnote doctor --json` prints."""
    listed = list(checks)
    return {
        "ok": all(check.outcome != "bad" for check in listed),
        "version": installed(otherwise=""),
        "checks": [asdict(check) for check in listed],
    }


def lines(checks: Iterable[Check]) -> Iterator[str]:
    """One line a check, its remedy below it, and the sum."""
    listed = list(checks)
    marks = {outcome: _(mark) for outcome, mark in MARKS.items()}
    width = max(map(len, marks.values())) + 2
    for check in listed:
        yield clean(f"{marks[check.outcome]:^{width}} {_(check.name)}: {_(check.what)}")
        if check.remedy:
            yield clean(f"{'':{width}} {_(check.remedy)}")
    bad, look = (number(sum(check.outcome == outcome for check in listed)) for outcome in ("bad", "look"))
    counted = ngettext("{n} check", "{n} checks", len(listed))
    yield _("{checks}: {bad} to mend, {look} to look at.").format(checks=counted, bad=bad, look=look)
