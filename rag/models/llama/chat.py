"""From messages to the tokens of a prompt, by the chat template in the model's file.

The template is rendered with a placeholder for each message, so what people wrote never passes through it, and is
tokenised apart from it: the template's own marks become control tokens, nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import jinja2
import llama_cpp
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from rag.models.llama.context import Model
from rag.models.modeltext import defused
from rag.protocols import Message

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"  # a line break at the end of a template is lost
)
_PLACEHOLDER = re.compile(r"⟦(\d+)⟧")
_UNUSABLE = (jinja2.TemplateError, ValueError, TypeError, KeyError, IndexError, AttributeError)

Turn = tuple[str, str]
"""Role and placeholders."""


class Chat:
    """A model's own way of telling turns apart; ChatML where its file names none that works."""

    def __init__(self, model: Model) -> None:
        template = llama_cpp.llama_model_chat_template(model.handle, None)
        self._model = model
        self._bos = int(llama_cpp.llama_vocab_bos(model.vocab))
        self._adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(model.vocab))
        self._texts = template.decode("utf-8", "replace") if template else CHATML
        self._names = {"bos_token": self._name(self._bos), "eos_token": self._name(self._eos)}

    @property
    def _eos(self) -> int:
        return int(llama_cpp.llama_vocab_eos(self._model.vocab))

    def _name(self, token: int) -> str:
        return llama_cpp.llama_vocab_get_text(self._model.vocab, token).decode("utf-8", "replace") if token >= 0 else ""

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The whole prompt, up to where the answer begins."""
        tokens = [token for part in self._parts(messages) for token in part]
        return [self._bos, *tokens] if self._adds_bos and tokens[:1] != [self._bos] else tokens

    def _parts(self, messages: Sequence[Message]) -> Iterator[list[int]]:
        for i, part in enumerate(_PLACEHOLDER.split(self._rendered(messages))):
            if i % 2:
                yield self._model.tokenize(defused(messages[int(part)].text.strip()), add_special=False)
            elif part:
                yield self._model.tokenize(part, add_special=False, trusted=True)

    def _rendered(self, messages: Sequence[Message]) -> str:
        turns = [(message.role, f"⟦{i}⟧") for i, message in enumerate(messages)]
        for template, tried in ((self._texts, turns), (self._texts, without_system(turns)), (CHATML, turns)):
            try:
                return render(template, tried, **self._names)
            except _UNUSABLE:
                continue
        raise AssertionError("ChatML takes any turns.")


def without_system(turns: Sequence[Turn]) -> list[Turn]:
    """`turns` with a system text in front of the first question, for templates that know no system role."""
    if len(turns) < 2 or turns[0][0] != "system":
        return list(turns)
    (_, system), (role, text), *rest = turns
    return [(role, f"{system}\n\n{text}"), *rest]


def render(template: str, turns: Sequence[Turn], *, bos_token: str = "", eos_token: str = "") -> str:
    """The prompt with placeholders, reasoning aloud switched off.

    Raises:
        ValueError, jinja2.TemplateError and others: the template does not take these turns, or drops one.
    """
    formatter = _formatter(template, bos_token, eos_token)
    messages: list[Any] = [{"role": role, "content": text} for role, text in turns]
    prompt: str = formatter(messages=messages, enable_thinking=False).prompt
    expected = _PLACEHOLDER.findall("".join(text for _, text in turns))
    if _PLACEHOLDER.findall(prompt) != expected:
        raise ValueError("The template leaves a message out.")
    return f"{prompt}\n\n</think>\n\n" if prompt.rstrip().endswith("<think>") else prompt


@lru_cache(maxsize=4)
def _formatter(template: str, bos_token: str, eos_token: str) -> Jinja2ChatFormatter:
    """The template, compiled."""
    return Jinja2ChatFormatter(template, eos_token=eos_token, bos_token=bos_token)
