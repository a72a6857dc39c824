"""What `footnote init` asks, what it makes of the answers, and that a token is never said again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.commands.init import next_steps
from bot.health.reach import DiscordAway, TokenRefused
from bot.language import speaking, spoken
from bot.settings import DiscordSettings, Settings
from bot.setup.asker import Defaults, fitting
from bot.setup.questions import Answers, Given, Interview, NoAnswer
from rag.errors import FootnoteError
from tests.bot.setup.interviews import HOME, IDENTITY, Portal, Scripted

REFUSED = TokenRefused("Discord does not accept this token.")
AWAY = DiscordAway("Discord cannot be reached (ConnectError).")


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own; what is spoken in it is forgotten."""
    monkeypatch.chdir(tmp_path)
    with speaking("en"):
        yield


def put(
    asker: Scripted | Defaults,
    portal: Portal,
    *,
    given: Given | None = None,
    token: str = "",
    heard: list[str] | None = None,
    **sources: Any,
) -> Answers:
    settings = Settings(discord=DiscordSettings(token=SecretStr(token)))
    tell = (heard if heard is not None else []).append
    return Interview(
        settings=settings, given=given or Given(), asker=asker, sources=portal.sources(**sources), tell=tell
    ).answers()


def test_six_questions_in_their_order() -> None:
    asker = Scripted({"Token": ["right"]})
    answers = put(asker, Portal(), models=[("qwen3-1.7b", "quick")], languages=["en", "de"])
    words = ["Language", "Folder", "Token", "server", "Model", "Start the bot"]
    assert len(asker.asked) == len(words)
    assert all(word in question for word, question in zip(words, asker.asked, strict=True))
    assert answers == Answers(
        notes=Path("knowledge"),
        token=SecretStr("right"),
        guild=HOME.id,
        model="smollm2-135m-instruct",
        language="en",
        autostart=False,
        identity=IDENTITY,
        in_server=True,
    )


def test_what_is_given_is_not_asked() -> None:
    asker = Scripted()
    given = Given(
        notes=Path("~/n"), token=SecretStr("right"), guild="5", model="qwen3-1.7b", language="de", autostart=True
    )
    answers = put(asker, Portal(), given=given, models=[("qwen3-1.7b", "")], languages=["en", "de"])
    assert asker.asked == []
    assert (answers.notes, answers.guild, answers.model) == (Path.home() / "n", 5, "qwen3-1.7b")
    assert (answers.language, answers.autostart) == ("de", True)


def test_the_language_comes_first_and_everything_after_it_is_in_it() -> None:
    """It was asked for as the fifth of six, and all of them were in English."""
    asker, heard = Scripted({"Language": ["de"], "Token": ["right"]}), list[str]()
    answers = put(asker, Portal(guilds=[(), (HOME,)]), heard=heard, languages=["en", "de"])
    assert answers.language == spoken() == "de"
    assert asker.asked[:3] == [
        "Language of the bot's own words",
        "Ordner mit deinen Notizen",
        "Token (beim Tippen unsichtbar; nur Eingabetaste: vorerst keins)",
    ]
    assert heard[0].startswith("Footnote wohnt dann in ")
    assert "Discord kennt den Bot: Es ist footnote." in heard


@pytest.mark.parametrize(("set_before", "asked_in"), [("", "Sprache"), ("en", "Language")])
def test_the_accounts_own_language_is_the_default_where_the_settings_name_none(set_before: str, asked_in: str) -> None:
    asker = Scripted()
    settings = Settings(language=set_before) if set_before else Settings()
    sources = Portal().sources(languages=["en", "de"], language="de")
    Interview(settings=settings, given=Given(), asker=asker, sources=sources, tell=str).answers()
    assert asker.asked[0].startswith(asked_in)
    assert spoken() == (set_before or "de")


def test_everywhere_can_be_said_in_the_language_that_is_spoken() -> None:
    given = Given(language="de", token=SecretStr("right"))
    for said in ("überall", "everywhere"):
        assert put(Scripted({"Befehle": [said]}), Portal(), given=given, languages=["en", "de"]).guild is None


@pytest.mark.parametrize(
    ("said", "meant"), [("ja", "ja"), ("J", "ja"), ("nein", "nein"), ("", None), ("x", None), ("qwen", None)]
)
def test_the_beginning_of_a_choice_is_enough(said: str, meant: str | None) -> None:
    assert fitting(said, ["ja", "nein", "qwen3-1.7b", "qwen3-4b"]) == meant
    assert fitting("qwen3", ["qwen3", "qwen3-4b"]) == "qwen3"


@pytest.mark.parametrize(
    ("given", "why"), [(Given(language="fr"), "does not speak 'fr'"), (Given(model="x"), "no model")]
)
def test_what_could_not_be_read_again_is_not_written_down(given: Given, why: str) -> None:
    """Once it was, and no command, nor this one, could be used any more."""
    with pytest.raises(FootnoteError, match=why):
        put(Scripted({"Token": ["right"]}), Portal(), given=given, languages=["en", "de"])


def test_a_wrong_token_is_said_to_be_wrong_and_may_be_typed_again() -> None:
    asker, heard = Scripted({"Token": ["wrong", "right"]}), list[str]()
    portal = Portal(refused=REFUSED)
    assert put(asker, portal, heard=heard).token.get_secret_value() == "right"
    assert portal.asked == ["wrong", "right"]
    assert any("does not accept" in line for line in heard)
    said = heard[1:]  # the first names the folder, which may be called anything
    assert not any(token in line for line in said for token in ("wrong", "right"))


def test_after_three_wrong_tokens_it_gives_up() -> None:
    portal = Portal(refused=REFUSED)
    with pytest.raises(NoAnswer, match="No token was accepted"):
        put(Scripted({"Token": ["a", "b", "c", "right"]}), portal)
    assert portal.asked == ["a", "b", "c"]


def test_no_network_is_not_mistaken_for_a_wrong_token() -> None:
    heard = list[str]()
    asker = Scripted({"Token": ["right"], "unchecked": ["yes"]})
    answers = put(asker, Portal(away=AWAY), heard=heard)
    assert answers.token.get_secret_value() == "right"
    assert answers.identity is None
    assert "Discord cannot be reached (ConnectError)." in heard
    assert not any("accept" in line for line in heard)


def test_a_given_token_that_is_wrong_ends_it_even_if_nobody_is_there() -> None:
    with pytest.raises(TokenRefused):
        put(Defaults(), Portal(refused=REFUSED), given=Given(token=SecretStr("wrong")))


def test_the_token_in_the_settings_is_kept_and_checked() -> None:
    portal = Portal()
    assert put(Defaults(), portal, token="right").token.get_secret_value() == "right"
    assert portal.asked == ["right"]


def test_a_token_in_the_settings_that_is_no_longer_accepted_is_asked_for_anew() -> None:
    heard = list[str]()
    answers = put(Scripted({"Token": ["right"]}), Portal(refused=REFUSED), token="old", heard=heard)
    assert answers.token.get_secret_value() == "right"
    assert any(".env" in line for line in heard)


def test_without_a_token_nothing_else_of_discord_is_asked() -> None:
    asker, portal = Scripted(), Portal()
    answers = put(asker, portal)
    assert [question.split()[0] for question in asker.asked] == ["Folder", "Token"]
    assert (answers.token.get_secret_value(), answers.autostart, portal.asked) == ("", False, [])


def test_a_bot_in_no_server_is_invited_first() -> None:
    heard = list[str]()
    portal = Portal(guilds=[(), (HOME,)])
    assert put(Scripted({"Token": ["right"]}), portal, heard=heard).guild == HOME.id
    assert any("client_id=42&scope=bot+applications.commands&permissions=274877991936" in line for line in heard)


def test_a_bot_that_is_in_a_server_is_invited_to_another() -> None:
    """It was invited to "a server" after its owner had read that it is in one."""
    token = SecretStr("right")
    for guilds, where in (([(HOME,)], "another server:"), ([(), ()], "a server:")):
        for guild in (None, "77"):
            answers = put(Defaults(), Portal(guilds=[*guilds]), given=Given(token=token, guild=guild))
            assert any(hint.startswith(f"Invite it to {where}\n") for hint in next_steps(answers))


def test_whoever_does_without_discord_is_told_how_to_connect_it_later() -> None:
    hints = next_steps(put(Defaults(), Portal()))
    assert "Connect it to Discord later: footnote init" in hints
    assert not any("Invite" in hint for hint in hints)


def test_models_that_are_offered_can_be_taken_later() -> None:
    """Where nobody is asked (`--yes`) the list stood there with nothing to do about it."""
    heard = list[str]()
    put(Defaults(), Portal(), models=[("qwen3-1.7b", "quick")], heard=heard)
    assert heard[-2:] == ["  qwen3-1.7b: quick", "You can take one later, too: footnote init --model NAME"]


@pytest.mark.parametrize(("said", "guild"), [("everywhere", None), ("123", 123)])
def test_commands_go_where_is_said(said: str, guild: int | None) -> None:
    assert put(Scripted({"Token": ["right"], "server": [said]}), Portal()).guild == guild


@pytest.mark.parametrize("said", ["my server", "²", "-1"])
def test_what_is_no_id_is_refused(said: str) -> None:
    with pytest.raises(NoAnswer, match="is no server's id"):
        put(Defaults(), Portal(), given=Given(token=SecretStr("right"), guild=said))
