"""`footnote init`: asks what a bot needs to know, writes it down, fetches the models, indexes, says what to do next.

Every answer is an option too, except the token: that is read from a file, from standard input or from the environment,
because what stands on a command line is shown to everybody by `ps`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from bot.envfile import write
from bot.health.reach import guilds, identify, invitation
from bot.language import _, languages, of_the_system, speak
from bot.settings import Settings, load_settings
from bot.setup.asker import Asker, Defaults, Person
from bot.setup.autostart import install, plan
from bot.setup.questions import Answers, Given, Interview, NoAnswer, Sources
from bot.wording import clean
from rag.phrase import Phrase

if TYPE_CHECKING:
    from rag.models.recommend import Advice

app = typer.Typer(add_completion=False, rich_markup_mode=None)
ENV = Path(".env")
OFFERED = 3
TRY_THESE = Phrase(
    "In Discord type:\n"
    "  /ask question: ... about something in your notes\n"
    "  /topic ... for everything the episodes say about it\n"
    "  @{name} and your question, in any channel or in a direct message"
)


@app.command()
def init(
    notes: Annotated[Path | None, typer.Option(help="Folder with your notes.", show_default=False)] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the bot's token; - for standard input.", show_default=False),
    ] = None,
    guild: Annotated[str | None, typer.Option(help="Id of your server, or: everywhere.", show_default=False)] = None,
    model: Annotated[
        str | None, typer.Option(help="A name from footnote models recommend.", show_default=False)
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of the bot's own words: en or de.", show_default=False)] = None,
    autostart: Annotated[
        bool | None, typer.Option("--autostart/--no-autostart", help="Start the bot by itself.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: what is not given is the default.")] = False,
) -> None:
    """Set Footnote up in this folder; run it again to change an answer. Lines of .env that it does not know stay."""
    if not yes and not sys.stdin.isatty():
        speak(language if language in languages() else of_the_system())
        nobody = Phrase("There is no terminal to ask at.")
        raise NoAnswer(nobody, remedy=Phrase("Give the answers as options, and --yes."))
    token = None if token_file is None else _token_in(token_file)
    given = Given(notes=notes, token=token, guild=guild, model=model, language=language, autostart=autostart)
    set_up(load_settings(), given, Defaults() if yes else Person())


def _token_in(file: Path) -> SecretStr:
    try:
        token = (sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as error:
        unread = Phrase("The token cannot be read from {file}.").format(file=str(file))
        raise NoAnswer(unread, remedy=Phrase("Name a file that has nothing else.")) from error
    if not token:
        empty = Phrase("There is no token in {file}.").format(file=str(file))
        raise NoAnswer(empty, remedy=Phrase("Put the bot's token into it."))
    return SecretStr(token)


def set_up(settings: Settings, given: Given, asker: Asker) -> None:
    """Everything from the first question to the last hint. Raises FootnoteError where a step fails."""
    sources = Sources(
        identify=identify,
        guilds=guilds,
        recommended=partial(recommended, settings),
        languages=languages(),
        language=settings.language if ENV.exists() else of_the_system(),
        can_start=plan(Path.cwd()) is not None,
    )
    answers = Interview(settings=settings, given=given, asker=asker, sources=sources, tell=say).answers()
    first_notes(answers.notes)
    write(ENV, lines(answers))
    say(_("The answers are in {file}, which only you may read.").format(file=ENV))
    settings = load_settings()
    _fetch(settings)
    _index(settings)
    for hint in next_steps(answers):
        say(hint)
    if answers.autostart and (start := plan(Path.cwd())):  # last: where it fails, all else is done and said
        install(start)
        say(f"{_('The bot starts by itself now.')} {_(start.later)}")


def lines(answers: Answers) -> dict[str, str]:
    """What is written into `.env`."""
    return {
        "FOOTNOTE_NOTES": str(answers.notes),
        "FOOTNOTE_MODEL": answers.model,
        "FOOTNOTE_DISCORD__TOKEN": answers.token.get_secret_value(),
        "FOOTNOTE_DISCORD__GUILD_ID": "" if answers.guild is None else str(answers.guild),
        **({"FOOTNOTE_LANGUAGE": answers.language} if answers.language else {}),
    }


def next_steps(answers: Answers) -> list[str]:
    """What to do now, a hint each."""
    hints = [_("Ask here: footnote chat")]
    if answers.token.get_secret_value():
        if not answers.autostart:
            hints.append(_("Start the bot: footnote bot"))
        if answers.identity:
            invite = invitation(answers.identity.application)
            where = _("Invite it to another server:") if answers.in_server else _("Invite it to a server:")
            hints.append(f"{where}\n  {invite}")
        hints.append(_(TRY_THESE.format(name=answers.identity.name if answers.identity else _("YourBot"))))
    else:
        hints.append(_("Connect it to Discord later: footnote init"))
    return [*hints, _("If something is amiss: footnote doctor")]


def first_notes(folder: Path) -> None:
    """Make the notes folder, with the sample notes in it, where there is none. Raises NoAnswer."""
    from bot.setup.samples import put_samples

    if folder.is_dir():
        return
    try:
        put_samples(folder)
    except OSError as error:
        failed = Phrase("The folder {folder} cannot be made: {why}.")
        why = str(error.strerror)
        raise NoAnswer(failed.format(folder=str(folder), why=why), remedy=Phrase("Name another.")) from error
    say(_("{folder} is new, with sample notes in it: put yours there instead.").format(folder=folder))


def recommended(settings: Settings) -> Sequence[tuple[str, str]]:
    """Language models that suit this machine, the best first, each with the reason."""
    from rag.models.catalog import TIERS, load_catalog
    from rag.models.llama import offloads
    from rag.models.machine import look
    from rag.models.recommend import advise, reason
    from rag.models.threads import default_threads

    machine = look(settings.models)
    threads = settings.threads or default_threads()
    found = advise(machine, load_catalog(), threads=threads, gpu_build=offloads())
    suiting = [each for each in found if each.verdict == "yes" and not each.entry.starter]

    def rank(each: Advice) -> int:
        return TIERS.index(each.entry.tier)

    best = sorted(suiting, key=rank, reverse=True)[:OFFERED]
    offer = Phrase("{size} GB to fetch; {why}")
    return [
        (each.entry.name, offer.format(size=round(each.entry.bytes / 1e9, 1), why=reason(each, machine)))
        for each in best
    ]


def _fetch(settings: Settings) -> None:
    from bot.commands.models import pull
    from rag.models.catalog import load_catalog

    pull(None, settings.models)
    known = {entry.name for entry in load_catalog() if not entry.starter}
    for name in {settings.embedder, settings.model} & known:  # what else is chosen is a file of its owner's
        pull(name, settings.models)


def _index(settings: Settings) -> None:
    from bot.commands.index import build

    say(build(settings, rebuild=False))


def say(text: str) -> None:
    """One hint to the terminal; its lines stay lines."""
    for line in text.split("\n"):
        typer.echo(clean(line))
