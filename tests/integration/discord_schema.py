"""Discord's own description of its API, to check the bot's requests against where the file is at hand."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = Path(__file__).parents[2] / "../shared/discord/openapi.json"

Json = dict[str, Any]


@functools.cache
def official() -> Validator | None:
    """What checks bodies against Discord's description; None where that is not at hand."""
    return Validator(SCHEMA) if SCHEMA.exists() else None


class Validator:
    """Checks request bodies against an OpenAPI 3.1 description."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))
        self._templates = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template)), template)
            for template in sorted(self._document["paths"], key=lambda t: t.count("{"))  # literal ones first
        ]
        self._validators: dict[tuple[str, str], Draft202012Validator] = {}

    def __call__(self, method: str, path: str, body: Any) -> list[str]:
        """One line for each thing that is wrong with the body."""
        template = next((t for pattern, t in self._templates if pattern.fullmatch(path)), None)
        operation = self._document["paths"].get(template, {}).get(method.lower())
        if template is None or operation is None:
            return [f"{method} {path}: no such route"]
        errors = self._validator(method, template, operation).iter_errors(body)
        return [f"{method} {template}: {error.json_path}: {error.message[:300]}" for error in errors]

    def _validator(self, method: str, template: str, operation: Json) -> Draft202012Validator:
        key = (method, template)
        if key not in self._validators:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(whole)
        return self._validators[key]
