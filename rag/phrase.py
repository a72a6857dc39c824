"""English sentences that remember what they were made of, so that a face can say them in another language.

Knows nothing of other languages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class Phrase(str):
    """A sentence in English, as a string like any other.

    Attributes:
        template: the sentence with its fields by name in braces, as a catalogue of translations lists it.
        fields: what stands for each name: text of any origin, another phrase, or a number.
    """

    template: str
    fields: Mapping[str, str | float]

    def __new__(cls, template: str, /, **fields: str | float) -> Phrase:
        shown = {name: value if isinstance(value, str) else f"{value:,}" for name, value in fields.items()}
        phrase = super().__new__(cls, str.format(template, **shown) if fields else template)
        phrase.template, phrase.fields = template, fields
        return phrase

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, str | float]]:
        return (self.template,), dict(self.fields)

    def format(self, **fields: str | float) -> Phrase:  # type: ignore[override]
        """The same with its fields filled in. Raises KeyError where one is missing."""
        return Phrase(self.template, **fields)


AND = Phrase("{one} and {other}")
OR = Phrase("{one} or {other}")


def listed(by: Phrase, texts: Sequence[str]) -> str:
    """ "a and b and c", with `AND`; "" of no text."""
    return reduce(lambda one, other: by.format(one=one, other=other), texts) if texts else ""


class _AsJson:
    """How pydantic writes a text that may be a phrase, and reads it again."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # only where phrases cross to another process

        written = core_schema.plain_serializer_function_ser_schema(written_phrase)
        return core_schema.no_info_plain_validator_function(read_phrase, serialization=written)


Said: TypeAlias = Annotated[str, _AsJson()]
"""Text that may be a `Phrase`; as JSON either is what `written_phrase` makes of it."""


def written_phrase(text: str) -> Any:  # noqa: ANN401
    """A phrase as the list of its template and its fields, other text as it is: as JSON knows it."""
    if not isinstance(text, Phrase):
        return text
    return [text.template, {name: _field(value) for name, value in text.fields.items()}]


def read_phrase(written: object) -> str:
    """What `written_phrase` made JSON of. Raises ValueError of anything else."""
    if isinstance(written, str):
        return written
    match written:
        case [str(template), {**fields}]:
            return Phrase(template, **{str(name): _read_field(value) for name, value in fields.items()})
    raise ValueError("neither a text nor a phrase")


def _field(value: str | float) -> Any:  # noqa: ANN401
    return written_phrase(value) if isinstance(value, str) else value


def _read_field(written: object) -> str | float:
    return written if isinstance(written, int | float) else read_phrase(written)
