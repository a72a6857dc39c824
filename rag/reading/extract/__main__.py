"""The other end of `apart`: reads files that it is sent on its standard input, a line and the bytes each, and answers
each in a line of JSON. `python -m rag.reading.extract BYTES` has at most as many bytes of memory."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any, BinaryIO

from rag.errors import NoteError
from rag.reading.extract import EXTRACTORS, extract_here


def serve(heard: BinaryIO, said: BinaryIO) -> None:
    """Say that it is there, and answer until there is nothing more to hear."""
    said.write(b"{}\n")
    said.flush()
    known = {extractor.name: extractor for extractor in EXTRACTORS}
    while request := heard.readline():
        name, size = request.split()
        try:
            answer: dict[str, Any] = asdict(extract_here(known[name.decode()], heard.read(int(size))))
        except NoteError as error:
            answer = {"error": str(error).removesuffix(error.remedy).rstrip(), "remedy": error.remedy}
        said.write(json.dumps(answer).encode() + b"\n")
        said.flush()


def limit_memory(size: int) -> None:
    """Let this process have at most `size` bytes, where the system knows such a limit."""
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


if __name__ == "__main__":
    limit_memory(int(sys.argv[1]))
    with suppress(KeyboardInterrupt, BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
