"""Does Discord know the bot: token, clock, intents, its permissions in each server, and the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.checkup import Check, Examine, carried_out
from bot.health.reach import PORTAL, Guild, Identity, gateway_answers, guilds, identify, invitation, lacking
from bot.settings import DiscordSettings

SKEW = 30.0  # seconds; Discord takes an answer for three, and stamps every interaction
NAMED = 5

NO_TOKEN = Check(
    name="token",
    outcome="look",
    what="There is no token, so only the terminal can be asked.",
    remedy="Run: footnote init",
)


def checks(settings: DiscordSettings) -> Iterator[Check]:
    """Everything that Discord can be asked; nothing after a token that it does not accept."""
    if not settings.token.get_secret_value():
        yield NO_TOKEN
        return
    known: list[Identity] = []
    yield from carried_out([("token", partial(_token, settings, known))])
    for identity in known:
        rest: list[tuple[str, Examine]] = [
            ("exact clock", partial(exact_clock, identity)),
            ("intents", partial(intents, identity, settings)),
            ("permissions", partial(_permissions, identity, settings)),
            ("gateway", partial(gateway, settings)),
        ]
        yield from carried_out(rest)


def _token(settings: DiscordSettings, known: list[Identity]) -> Check:
    identity = identify(settings)
    known.append(identity)
    return Check(name="token", outcome="ok", what=f"Discord knows it as {identity.name}.")


def exact_clock(identity: Identity) -> Check:
    """Whether this machine and Discord agree on the time."""
    if identity.skew is None or abs(identity.skew) <= SKEW:
        return Check(name="exact clock", outcome="ok", what="The clock agrees with Discord's.")
    what = f"The clock is {abs(identity.skew):,.0f} s {'ahead of' if identity.skew > 0 else 'behind'} Discord's."
    remedy = "Let the network set it: timedatectl set-ntp true"
    return Check(name="exact clock", outcome="look", what=what, remedy=remedy)


def intents(identity: Identity, settings: DiscordSettings) -> Check:
    """Whether what the settings need is switched on in the portal, and nothing more."""
    if settings.thread_follow_ups and not identity.reads_messages:
        what = "FOOTNOTE_DISCORD__THREAD_FOLLOW_UPS is on, and the Message Content intent is off."
        remedy = f"Switch the intent on at {PORTAL} (Bot), or the setting off."
        return Check(name="intents", outcome="bad", what=what, remedy=remedy)
    if identity.reads_messages and not settings.thread_follow_ups:
        what = "The Message Content intent is on, and the settings do not need it."
        return Check(name="intents", outcome="look", what=what, remedy=f"Switch it off at {PORTAL} (Bot).")
    return Check(name="intents", outcome="ok", what="What is switched on in the portal is what the settings need.")


def _permissions(identity: Identity, settings: DiscordSettings) -> Check:
    return permissions(identity, guilds(settings), settings.guild_id)


def permissions(identity: Identity, found: tuple[Guild, ...], wanted: int | None) -> Check:
    """Whether the bot may do what it must in every server it is in; channels may still take it away."""
    invite = f"Invite it: {invitation(identity.application)}"
    if not found:
        return Check(name="permissions", outcome="look", what="The bot is in no server yet.", remedy=invite)
    if wanted and wanted not in {guild.id for guild in found}:
        what = f"The bot is not in the server {wanted} of FOOTNOTE_DISCORD__GUILD_ID."
        return Check(name="permissions", outcome="bad", what=what, remedy=invite)
    poor = [guild.name for guild in found if lacking(guild)]
    if poor:
        what = f"The bot lacks permissions in {', '.join(poor[:NAMED])}."
        return Check(name="permissions", outcome="look", what=what, remedy=f"Invite it there once more. {invite}")
    return Check(name="permissions", outcome="ok", what=f"It has what it needs in {_servers(len(found))}.")


def _servers(count: int) -> str:
    return "1 server" if count == 1 else f"{count:,} servers"


def gateway(settings: DiscordSettings) -> Check:
    """Whether the gateway answers. Raises DiscordAway."""
    gateway_answers(settings)
    return Check(name="gateway", outcome="ok", what="It answers.")
