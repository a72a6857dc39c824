"""JSON whose objects know the lines they stand in.

The standard library's decoder, with its own Python scanner, so that every object's place can be noted.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from json import decoder, scanner
from typing import Any

_LINE_END = re.compile(r"\r\n|\r|\n")


class Placed(dict[str, Any]):
    """An object with the first and last line it stands in."""

    first: int = 1
    last: int = 1


def loads(text: str) -> Any:  # noqa: ANN401
    """What `text` says. Raises ValueError where it is no JSON, RecursionError where it is nested too deeply."""
    return _Decoder(text).decode(text)


class _Decoder(json.JSONDecoder):
    def __init__(self, text: str) -> None:
        super().__init__(strict=False)
        self._ends = [match.end() for match in _LINE_END.finditer(text)]
        self.parse_object = self._placed
        self.scan_once = scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    def _placed(self, state: tuple[str, int], *rest: Any) -> tuple[Placed, int]:  # noqa: ANN401
        value, end = decoder.JSONObject(state, *rest)  # type: ignore[attr-defined]
        placed = Placed(value)
        placed.first, placed.last = self._line(state[1] - 1), self._line(end - 1)
        return placed, end

    def _line(self, offset: int) -> int:
        return bisect_right(self._ends, offset) + 1
