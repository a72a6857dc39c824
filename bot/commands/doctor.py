"""`footnote doctor`: is everything there that the bot needs, and what mends what is not.

Looks only; `bot/checkup/` says at what. (What is amiss with the notes is `footnote notes check`.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bot.checkup import Check, carried_out
from bot.health.pulse import SILENT, last_beat, silence
from bot.settings import Settings, SettingsError, load_settings
from bot.version import installed
from bot.wording import clean

app = typer.Typer(add_completion=False, rich_markup_mode=None)

MARKS = {"ok": "  ok  ", "look": " look ", "bad": " MEND "}


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask Discord nothing.")] = False,
    alive: Annotated[bool, typer.Option("--alive", help="Only whether the bot runs and is well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Look whether everything is there that the bot needs; ends with code 1 where something has to be mended."""
    checks = [is_alive(os.environ)] if alive else list(examined(offline=offline))
    if as_json:
        from bot.json_face import dumps

        typer.echo(dumps(doctor_json(checks)))
    else:
        for line in lines(checks):
            typer.echo(line)
    raise typer.Exit(1 if any(check.outcome == "bad" for check in checks) else 0)


def examined(*, offline: bool) -> Iterator[Check]:
    """Every check, the settings first: without them nothing else can be looked at."""
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Check(name="settings", outcome="bad", what=str(error))
        return
    yield Check(name="settings", outcome="ok", what="They can be read.")
    yield from _examined(settings, offline=offline)


def _examined(settings: Settings, *, offline: bool) -> Iterator[Check]:
    from bot.checkup import files, machine, online

    yield from carried_out(machine.checks(settings))
    yield from carried_out(files.checks(settings))
    if not offline:
        yield from online.checks(settings.discord)


def is_alive(environment: Mapping[str, str]) -> Check:
    """Whether a bot runs here and is well, by its last beat."""
    file = last_beat(environment)
    if file is None:
        what = "Nobody can tell: neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set, where a bot leaves its beat."
        return Check(name="alive", outcome="bad", what=what, remedy="Set one of them for the bot, and here.")
    silent = silence(file)
    if silent is None:
        return Check(name="alive", outcome="bad", what="No bot runs.", remedy="Start it: footnote bot")
    if silent > SILENT:
        what = f"The bot has not said that it is well for {silent:,.0f} s."
        return Check(name="alive", outcome="bad", what=what, remedy="Restart it, and look into its log.")
    return Check(name="alive", outcome="ok", what="The bot runs and is well.")


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
    for check in listed:
        yield clean(f"{MARKS[check.outcome]} {check.name}: {check.what}")
        if check.remedy:
            yield clean(f"       {check.remedy}")
    bad, look = (sum(check.outcome == outcome for check in listed) for outcome in ("bad", "look"))
    yield f"{len(listed)} checks: {bad} to mend, {look} to look at."
