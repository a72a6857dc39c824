"""Lists what Footnote is made of, with licences: `docs/licences.md`, and a bill of materials in CycloneDX's format.

    python -m scripts.licences                     writes docs/licences.md
    python -m scripts.licences --sbom FILE         writes the bill of materials (CycloneDX 1.6, JSON)

Packages are those that an installed Footnote needs on this Python and system, and what the lock adds for others; models
those of the catalogue. A package's licence is what its own metadata says.
"""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from rag.models.catalog import ModelEntry, load_catalog

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "requirements.lock"
UNKNOWN = "see its own files"
_APACHE = ("Apache", "Apache 2.0", "Apache Software", "Apache, Version 2.0")
ELSEWHERE = {"audioop-lts": "PSF-2.0", "colorama": "BSD", "httpx2-jsfetch": "BSD-3-Clause"}
"""What their metadata says of packages that only other Pythons or systems need, so that it cannot be read here."""
_SHORT = 60  # characters; what is longer is no licence's name but its text

HEAD = """\
# Licences

Footnote itself is under the MIT licence. This page lists everything it is made of; `make sbom` writes the same as a
bill of materials for programs (CycloneDX, JSON). It is made by `python -m scripts.licences`, from what each package
says of itself.

llama-cpp-python carries the source of llama.cpp and ggml (MIT, The ggml authors), which are compiled on installation.
The numpy wheel carries OpenBLAS (BSD-3-Clause) and the GCC runtime library (GPL-3.0 with its runtime exception, which
lets any program use it). None of the packages asks that a program which uses it be under its own licence.
"""


@dataclass(frozen=True, kw_only=True)
class Package:
    """An installed package; `licence` as it says."""

    name: str
    version: str
    licence: str


def packages() -> list[Package]:
    """Everything that Footnote needs, here or elsewhere, by name."""
    found: dict[str, Package] = {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = [Requirement(each) for each in project["dependencies"]]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        try:
            known = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        new = [each for each in _needed(known, requirement.extras) if canonicalize_name(each.name) not in found]
        waiting += new
        found[name] = Package(name=name, version=known.version, licence=licence_of(known))
    for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", LOCK.read_text(encoding="utf-8")):
        found.setdefault(name, Package(name=name, version=version, licence=ELSEWHERE.get(name, UNKNOWN)))
    return sorted(found.values(), key=lambda package: package.name)


def _needed(known: Distribution, extras: set[str]) -> Iterator[Requirement]:
    for requirement in map(Requirement, known.requires or ()):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
            yield requirement


def licence_of(known: Distribution) -> str:
    """The name of a package's licence, by the most exact of the places in which it may stand."""
    said = known.metadata
    if expression := said.get_all("License-Expression"):
        return str(expression[0])
    classified = [value for value in said.get_all("Classifier") or () if value.startswith("License :: ")]
    if classified:
        return " or ".join(sorted({_shortened(value.rpartition(" :: ")[2]) for value in classified}))
    text = (said.get_all("License") or [""])[0].strip().split("\n")[0]
    return _shortened(text) if 0 < len(text) <= _SHORT else UNKNOWN


def _shortened(name: str) -> str:
    plain = re.sub(r" License(?=$|,| \()", "", name)
    return "Apache-2.0" if plain in _APACHE else plain


def page(found: list[Package]) -> str:
    """The whole of `docs/licences.md`."""
    rows = [f"| {package.name} | {package.version} | {package.licence} |" for package in found]
    models = [f"| {entry.name} | {entry.licence} | {_beside(entry)} |" for entry in load_catalog()]
    return "\n".join(
        [
            HEAD,
            "## Models",
            "",
            "Only the first comes with Footnote; the others are fetched when they are pulled.",
            "",
            "| Model | Licence | What else |",
            "|---|---|---|",
            *models,
            "",
            "## Packages",
            "",
            "| Package | Version | Licence |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _beside(entry: ModelEntry) -> str:
    own = entry.source is None and entry.hub is None
    return entry.terms or ("comes with Footnote" if own else "fetched when it is pulled")


def bill(found: list[Package], version: str) -> dict[str, Any]:
    """The bill of materials as CycloneDX 1.6 has it."""
    hashes = locked_hashes(LOCK.read_text(encoding="utf-8"))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "footnote", "version": version, "bom-ref": "footnote"},
        },
        "components": [*(_component(package, hashes) for package in found), *map(_model, load_catalog())],
    }


def _component(package: Package, hashes: dict[str, list[str]]) -> dict[str, Any]:
    url = f"pkg:pypi/{package.name}@{package.version}"
    listed = hashes.get(f"{package.name}=={package.version}", [])
    return {
        "type": "library",
        "bom-ref": url,
        "name": package.name,
        "version": package.version,
        "purl": url,
        "licenses": [{"license": {"name": package.licence}}],
        "hashes": [{"alg": "SHA-256", "content": each} for each in listed[:1]] if len(listed) == 1 else [],
    }


def _model(entry: ModelEntry) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model:{entry.name}",
        "name": entry.name,
        "licenses": [{"license": {"name": entry.licence}}],
        "hashes": [{"alg": "SHA-256", "content": entry.sha256}] if entry.sha256 else [],
    }


def locked_hashes(text: str) -> dict[str, list[str]]:
    """`name==version` -> sha256 of each of its files, from a lock file."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    return {
        entry.split()[0]: re.findall(r"--hash=sha256:([0-9a-f]{64})", entry) for entry in entries if "--hash" in entry
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="List what Footnote is made of, with licences.")
    parser.add_argument("--sbom", type=Path, help="write a bill of materials to this file instead")
    options = parser.parse_args()
    found = packages()
    if options.sbom:
        document = bill(found, distribution("footnote").version)
        options.sbom.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    else:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
