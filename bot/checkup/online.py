"""Does Discord know the bot: token, clock, intents, its permissions in each server, and the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.checkup import Check, Examine, carried_out
from bot.health.reach import PORTAL, Guild, Identity, gateway_answers, guilds, identify, invitation, lacking
from bot.settings import DiscordSettings
from rag.phrase import Phrase

SKEW = 30.0  # seconds; Discord takes an answer for three, and stamps every interaction
NAMED = 5

TOKEN, EXACT_CLOCK, INTENTS = Phrase("token"), Phrase("exact clock"), Phrase("intents")
PERMISSIONS, GATEWAY = Phrase("permissions"), Phrase("gateway")
NO_TOKEN = Check(
    name=TOKEN,
    outcome="look",
    what=Phrase("There is no token, so only the terminal can be asked."),
    remedy=Phrase("Run: footnote init"),
)


def checks(settings: DiscordSettings) -> Iterator[Check]:
    """Everything that Discord can be asked; nothing after a token that it does not accept."""
    if not settings.token.get_secret_value():
        yield NO_TOKEN
        return
    known: list[Identity] = []
    yield from carried_out([(TOKEN, partial(_token, settings, known))])
    for identity in known:
        rest: list[tuple[str, Examine]] = [
            (EXACT_CLOCK, partial(exact_clock, identity)),
            (INTENTS, partial(intents, identity, settings)),
            (PERMISSIONS, partial(_permissions, identity, settings)),
            (GATEWAY, partial(gateway, settings)),
        ]
        yield from carried_out(rest)


def _token(settings: DiscordSettings, known: list[Identity]) -> Check:
    identity = identify(settings)
    known.append(identity)
    return Check(name=TOKEN, outcome="ok", what=Phrase("Discord knows it as {name}.").format(name=identity.name))


def exact_clock(identity: Identity) -> Check:
    """Whether this machine and Discord agree on the time."""
    if identity.skew is None or abs(identity.skew) <= SKEW:
        return Check(name=EXACT_CLOCK, outcome="ok", what=Phrase("The clock agrees with Discord's."))
    ahead, behind = Phrase("The clock is {n} s ahead of Discord's."), Phrase("The clock is {n} s behind Discord's.")
    what = (ahead if identity.skew > 0 else behind).format(n=round(abs(identity.skew)))
    remedy = Phrase("Let the network set it: timedatectl set-ntp true")
    return Check(name=EXACT_CLOCK, outcome="look", what=what, remedy=remedy)


def intents(identity: Identity, settings: DiscordSettings) -> Check:
    """Whether what the settings need is switched on in the portal, and nothing more."""
    if settings.thread_follow_ups and not identity.reads_messages:
        what = Phrase("FOOTNOTE_DISCORD__THREAD_FOLLOW_UPS is on, and the Message Content intent is off.")
        remedy = Phrase("Switch the intent on at {portal} (Bot), or the setting off.").format(portal=PORTAL)
        return Check(name=INTENTS, outcome="bad", what=what, remedy=remedy)
    if identity.reads_messages and not settings.thread_follow_ups:
        what = Phrase("The Message Content intent is on, and the settings do not need it.")
        remedy = Phrase("Switch it off at {portal} (Bot).").format(portal=PORTAL)
        return Check(name=INTENTS, outcome="look", what=what, remedy=remedy)
    needed = Phrase("What is switched on in the portal is what the settings need.")
    return Check(name=INTENTS, outcome="ok", what=needed)


def _permissions(identity: Identity, settings: DiscordSettings) -> Check:
    return permissions(identity, guilds(settings), settings.guild_id)


def permissions(identity: Identity, found: tuple[Guild, ...], wanted: int | None) -> Check:
    """Whether the bot may do what it must in every server it is in; channels may still take it away."""
    invite = Phrase("Invite it: {address}").format(address=invitation(identity.application))
    if not found:
        return Check(name=PERMISSIONS, outcome="look", what=Phrase("The bot is in no server yet."), remedy=invite)
    if wanted and wanted not in {guild.id for guild in found}:
        what = Phrase("The bot is not in the server {id} of FOOTNOTE_DISCORD__GUILD_ID.").format(id=str(wanted))
        return Check(name=PERMISSIONS, outcome="bad", what=what, remedy=invite)
    poor = [guild.name for guild in found if lacking(guild)]
    if poor:
        what = Phrase("The bot lacks permissions in {servers}.").format(servers=", ".join(poor[:NAMED]))
        remedy = Phrase("Invite it there once more. {invite}").format(invite=invite)
        return Check(name=PERMISSIONS, outcome="look", what=what, remedy=remedy)
    one, several = Phrase("It has what it needs in 1 server."), Phrase("It has what it needs in {n} servers.")
    return Check(name=PERMISSIONS, outcome="ok", what=one if len(found) == 1 else several.format(n=len(found)))


def gateway(settings: DiscordSettings) -> Check:
    """Whether the gateway answers. Raises DiscordAway."""
    gateway_answers(settings)
    return Check(name=GATEWAY, outcome="ok", what=Phrase("It answers."))
