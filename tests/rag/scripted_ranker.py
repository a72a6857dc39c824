"""A server that ranks, as `tests.rag.scripted_server` wants it: llama.cpp's routes and the shape of what they reply."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.rag.scripted_server import Handler

START = 1  # a token that begins texts


def tokens(text: str) -> list[int]:
    return [1000 + ord(character) for character in text]


def text_of(prompt: str | list[int]) -> str:
    """A prompt as text; that of tokens has to begin as all prompts do, and nowhere else."""
    if isinstance(prompt, str):
        return prompt
    assert prompt[0] == START
    return "".join(chr(token - 1000) for token in prompt[1:])


def likelihood(prompt: str) -> float:
    return -1.0 if "near" in prompt else -3.0


class LlamaServer:
    """As llama-server answers, or, if `other`, as llama-cpp-python's server does: a character is a token.

    Attributes:
        change: what becomes of a choice before it is sent.
        wait: called with the prompt before.
    """

    def __init__(self, *, other: bool = False) -> None:
        self.other = other
        self.change: Callable[[dict[str, Any]], Any] = lambda choice: {"choices": [choice]}
        self.wait: Callable[[str], object] = lambda prompt: None

    def __call__(self, handler: Handler) -> None:
        body = handler.body
        if handler.path == "/v1/completions":
            self.wait(text_of(body["prompt"]))
            return reply(handler, self.change(self.choice(body)))
        if handler.path != ("/extras/tokenize" if self.other else "/tokenize"):
            return handler.send(404, "text/plain", "no such thing")
        head = [START] if self.other or body["add_special"] else []
        return reply(handler, {"tokens": head + tokens(body["input" if self.other else "content"])})

    def choice(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the grammar leaves to write, and how likely the model finds it."""
        assert isinstance(body["prompt"], str) == self.other
        ids = [int(found) for found in re.findall(r"<\[(\d+)\]>", body["grammar"])]
        assert body["grammar"] == "root ::= " + " ".join(f"<[{i}]>" for i in ids)
        assert (body["max_tokens"], body["temperature"], body["logprobs"]) == (len(ids), 0, 1)
        values = [likelihood(text_of(body["prompt"]))] * len(ids)
        told = {"token_logprobs": values} if self.other else {"content": [{"logprob": value} for value in values]}
        return {"text": "".join(chr(i - 1000) for i in ids), "logprobs": told}


def reply(handler: Handler, body: Any) -> None:
    handler.send(200, "application/json", body if isinstance(body, str) else json.dumps(body))
