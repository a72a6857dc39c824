"""What crosses between two processes: calls of the methods of a protocol and what comes of them, as lines of JSON.

Nothing is pickled. Arguments and outcomes are validated by the annotations of the protocol, so neither side can be
told anything that its protocol does not know. Knows nothing of processes.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias, get_type_hints

from pydantic import TypeAdapter

from rag.errors import FootnoteError
from rag.phrase import read_phrase, written_phrase
from rag.types import Citation, Sentence

Step: TypeAlias = tuple[str, Mapping[str, Any]]
"""A method's name with its arguments, as JSON knows them."""

STAYS = frozenset({"cancelled", "watch"})
"""Arguments that are called back, and so never cross themselves."""

CITATIONS: TypeAdapter[Sequence[Citation]] = TypeAdapter(Sequence[Citation])
SENTENCE: TypeAdapter[Sentence] = TypeAdapter(Sentence)


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of a protocol.

    Attributes:
        signature: with `self`, to bind arguments to names.
        parameters: what validates each argument that crosses.
        outcome: what validates what it returns; None where that is `leads_to`.
        leads_to: the protocol of the object it returns, which stays where it is.
        stays: its arguments that are called back.
    """

    signature: inspect.Signature
    parameters: Mapping[str, TypeAdapter[Any]]
    outcome: TypeAdapter[Any] | None
    leads_to: type | None
    stays: frozenset[str]


@cache
def methods(protocol: type) -> Mapping[str, Method]:
    """The public methods of a protocol by their names."""
    return {
        name: _method(member)
        for name, member in inspect.getmembers(protocol, inspect.isfunction)
        if not name.startswith("_")
    }


def _method(function: Any) -> Method:  # noqa: ANN401
    hints = get_type_hints(function)
    outcome = hints.pop("return")
    leads_to = outcome if getattr(outcome, "_is_protocol", False) else None
    return Method(
        signature=inspect.signature(function),
        parameters={name: TypeAdapter(hint) for name, hint in hints.items() if name not in STAYS},
        outcome=None if leads_to else TypeAdapter(outcome),
        leads_to=leads_to,
        stays=STAYS & hints.keys(),
    )


def packed(method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as JSON knows them, without those that stay."""
    return {
        name: method.parameters[name].dump_python(value, mode="json")
        for name, value in arguments.items()
        if name in method.parameters
    }


def unpacked(method: Method, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that `packed` made JSON of. Raises pydantic's ValidationError."""
    return {name: method.parameters[name].validate_python(value) for name, value in arguments.items()}


def light(outcome: Any) -> Any:  # noqa: ANN401
    """An outcome without all that was found, which only a terminal shows."""
    trace = getattr(outcome, "trace", None)
    return replace(outcome, trace=replace(trace, hits=())) if trace else outcome


def error_told(error: BaseException) -> dict[str, Any]:
    """An error as JSON: what its owner can mend whole, of any other only what it is; its words may quote a question."""
    if not isinstance(error, FootnoteError):
        return {"kind": type(error).__name__}
    said = {"message": written_phrase(error.message), "remedy": written_phrase(error.remedy)}
    return {"kind": type(error).__name__, **said}


def error_of(told: Mapping[str, Any]) -> Exception:
    """The error that `error_told` told of; one that this process does not know is a RuntimeError."""
    kind = _known_errors().get(told["kind"])
    if kind and "message" in told:
        return kind(read_phrase(told["message"]), remedy=read_phrase(told.get("remedy", "")))
    return MemoryError() if told["kind"] == "MemoryError" else RuntimeError(told["kind"])


def _known_errors() -> dict[str, type[FootnoteError]]:
    known: list[type[FootnoteError]] = [FootnoteError]
    for kind in known:
        known.extend(kind.__subclasses__())
    return {kind.__name__: kind for kind in known}


def line(message: Mapping[str, Any]) -> str:
    """A message as one line."""
    return json.dumps(message) + "\n"
