"""What `footnote models` says about pins, machines and what a model has shown: as lines, and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from bot.json_face import Json
from bot.language import _, number
from rag.models.catalog import DOES, ModelEntry, Pin, Role
from rag.models.machine import Machine
from rag.models.recommend import Advice, best, reason
from rag.writing.aptitude import KINDS, NEEDED, Aptitude, ItemResult, Level

MAY = {
    Level.RANK: "It may only rank: answers are the notes' own words, in the order it finds likely.",
    Level.CHOOSE: "It may choose and trim: answers are the notes' own words, shortened, and each is checked.",
    Level.WRITE: "It may write: each of its sentences is checked against the notes before it is shown.",
}
NO_GPU_BUILD = (
    "llama.cpp was built without GPU support, so the GPU does not count; docs/models.md says how to build it."
)
NONE_SUITS = "No language model of the catalogue suits this machine; answers are the notes' own words without one, too."
OTHER_LANGUAGES = (
    "If you ask in another language than your notes are in: bge-m3 turns texts of 100 languages into vectors. "
    "footnote models pull bge-m3, set FOOTNOTE_EMBEDDER=bge-m3, then footnote index."
)


COMPUTED = "~ worked out, not measured. All that is known of one: footnote models list NAME"
TITLES: dict[Role, str] = {
    "rank/write": "Language models (FOOTNOTE_MODEL)",
    "embed": "Embedders, which turn texts into vectors (FOOTNOTE_EMBEDDER)",
    "rerank": "Rerankers; none is used yet",
}


def size_of(entry: ModelEntry) -> str:
    """Of the file; about right where the hub has not been asked yet."""
    return f"{'' if entry.sha256 else '~'}{_short(entry.bytes)}"


def memory_of(entry: ModelEntry) -> str:
    """Once loaded, and whether that was measured."""
    return f"{'' if entry.memory_mb else '~'}{_short(entry.memory * 1_000_000)}"


def _short(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def entry_lines(entry: ModelEntry, state: str) -> list[str]:
    """All that is known of one model."""
    hub = f"{entry.hub.repo}: {entry.hub.file} at {entry.hub.revision}" if entry.hub else ""
    package = f"{entry.source.package} {entry.source.version} from the package index" if entry.source else ""
    known = (
        ("name", entry.name),
        ("for", f"it {DOES[entry.role]}{'; not used yet' if entry.role == 'rerank' else ''}"),
        ("machine", entry.tier),
        ("size", size_of(entry)),
        ("memory", memory_of(entry)),
        ("speed", entry.speed),
        ("licence", ", ".join(filter(None, (entry.licence, entry.terms)))),
        ("languages", entry.languages),
        ("prompt", entry.prompt),
        ("from", hub or package or "part of Footnote"),
        ("sha256", entry.sha256 or "the hub is asked for it when the model is pulled"),
        ("on disk", state),
    )
    return [f"{key:10}{value}" for key, value in known]


def pin_lines(pin: Pin) -> list[str]:
    """What the hub says of a file, before it is downloaded."""
    return [
        _("{repo}: {file}, {size} MB, licence {licence}").format(
            repo=pin.repo, file=pin.file, size=number(round(pin.bytes / 1e6)), licence=pin.licence or _("not named")
        ),
        f"commit {pin.revision}, sha256 {pin.sha256}",
    ]


def item_line(result: ItemResult) -> str:
    """How one task went, with what the model wrote where it failed."""
    if result.passed:
        return f"passed  {result.name}"
    wrote = f' It wrote: "{result.replies[-1]}"' if result.replies else ""
    return f"failed  {result.name}: {result.why}.{wrote}"


def aptitude_text(found: Aptitude) -> list[str]:
    """Shares beside their thresholds, what follows from them, and how fast it was."""
    rows = [_share(found, name) for name in KINDS]
    speed = (
        f"It began to answer after {found.first_seconds:.1f} s and wrote {found.tokens_per_second:.0f} tokens/s; "
        f"all tasks took {found.seconds:.0f} s."
    )
    return ["", *rows, "", f"{found.model}: {MAY[found.level]}", speed]


def _share(found: Aptitude, kind: str) -> str:
    name = next(known for known in KINDS if known == kind)
    passed, tried = found.shares[name]
    asked = [
        f"{needed[name] * tried:.0f} to {level.name.lower()}" for level, needed in NEEDED.items() if name in needed
    ]
    return f"{KINDS[name]}: {passed} of {tried} (needs {', '.join(asked)})"


def aptitude_json(found: Aptitude) -> Json:
    """What `footnote models try --json` prints."""
    return {
        **asdict(found),
        "level": found.level.name.lower(),
        "shares": {kind: {"passed": passed, "tried": tried} for kind, (passed, tried) in found.shares.items()},
        "items": [asdict(item) for item in found.items],
        "text": "\n".join(aptitude_text(found)).strip(),
    }


def machine_line(machine: Machine) -> str:
    """What the machine has, in one line."""
    cores = f"{machine.cores} {'core' if machine.cores == 1 else 'cores'}"
    memory = "memory unknown"
    if machine.memory is not None:
        free = "" if machine.free_memory is None else f"{_gb(machine.free_memory)} of "
        memory = f"{free}{_gb(machine.memory)} of memory{' free' if free else ''}"
    cards = ", ".join(f"{gpu.name} with {_gb(gpu.memory)}" for gpu in machine.gpus) or "no GPU"
    reads = f"one core reads {machine.bandwidth / 1e9:.0f} GB/s"
    return f"This machine: {cores}, {memory}, {cards}, {_gb(machine.disk)} of disk free; {reads}."


def recommendation_text(machine: Machine, advice: Sequence[Advice], *, gpu_build: bool) -> list[str]:
    """The machine, every language model with the reason for or against it, and the one to take."""
    lines = [machine_line(machine), *([NO_GPU_BUILD] if machine.gpus and not gpu_build else []), ""]
    lines += [f"{_mark(each)} {each.entry.name} ({each.entry.tier}): {reason(each, machine)}" for each in advice]
    lines += ["", *_taken(best(advice), machine), OTHER_LANGUAGES]
    return lines


def _mark(advice: Advice) -> str:
    return "yes" if advice.verdict == "yes" else "no "


def _taken(advice: Advice | None, machine: Machine) -> list[str]:
    if advice is None:
        return [NONE_SUITS]
    name, licence = advice.entry.name, ", ".join(filter(None, (advice.entry.licence, advice.entry.terms)))
    return [
        f"Recommended: {name}, because it is the first of the largest kind that suits: {reason(advice, machine)}.",
        f"Its licence: {licence}. These are estimates; to take it and measure it:",
        f"footnote models pull {name}, then footnote models try {name}, then set FOOTNOTE_MODEL={name}.",
    ]


def recommendation_json(machine: Machine, advice: Sequence[Advice]) -> Json:
    """What `footnote models recommend --json` prints."""
    chosen = best(advice)
    return {
        "machine": asdict(machine),
        "models": [
            {
                "name": each.entry.name,
                "tier": each.entry.tier,
                "verdict": each.verdict,
                "reason": reason(each, machine),
                "bytes": each.entry.bytes,
                "memory_mb": each.entry.memory,
                "memory_measured": bool(each.entry.memory_mb),
                "gpu": each.gpu.name if each.gpu else None,
                "tokens_per_second": each.tokens_per_second,
                "seconds": each.seconds,
                "licence": each.entry.licence,
                "languages": each.entry.languages,
            }
            for each in advice
        ],
        "recommended": chosen.entry.name if chosen else None,
    }


def _gb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
