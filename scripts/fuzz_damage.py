"""What the fuzzer does to files: accidents in texts, wrong bytes, swapped words, archives packed again."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence

_HOSTILE = (
    *("---\n", "+++\n", "{\n", "}\n", "&a [*a,*a]", "*a", "\u2028", "\u202e", "\ufeff", "\r", "\r\n", "\x00", "\ud800"),
    *("\U0001f3a7", "# ", "- " * 50, "> " * 50, "|" * 40, "|---|---|\n", "```\n", "[[", "]]", "![[", "[^1]: "),
    *("<", "<v ", "<details>", "-->", "00:00:01,000 --> 00:00:00,000\n", "99:99:99", "1:07:30", "(1: 07: 30)", "9/10"),
    *("2024-02-30", "67 min", "https://youtu.be/", "?t=", "Ann Lee: ", "**", "__", "$", "\\", "\t" * 30, " " * 500),
    *("a" * 5000, "(" * 500, "é", "\u0e01" * 50, "話" * 50, "]]>", "<!--", "&#x110000;", "<p>" * 60, '{"a":' * 60),
    *("1e999", "-1", "NaN", '"start":', "\\ud800", "<outline", "about 1:10 ", "Link: ", "03/04/2024"),
)
_WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d]+")
_NUMBERS = ("0", "9" * 30, "1e999", "0.5", "5636", "86400000", "2024", "13", "7" * 400)
_WORDS = (
    "a" * 3000,
    "话话话。话",
    "\u202e",
    "\ufeff",
    "Ann Lee",
    "x: y",
    "- ",
    "# Notes",
    "https://youtu.be/a?t=9",
    "12:30",
)
_BYTES = (b"\0", b"\xff" * 4, b"<<", b">>", b"endobj", b"stream\n", b" 9999999999 ", b"-1 ", b"PK\x03\x04", b"[" * 200)


def accidents(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A text with one to eight accidents, as bytes in one of several encodings, with a wrong byte at times."""
    text = rng.choice(seeds).decode()
    others = [seed.decode() for seed in seeds[:20]]
    for _ in range(rng.randint(1, 8)):
        text = _accident(rng, text, others)[:200_000]
    encoding = rng.choice(("utf-8", "utf-8", "utf-8", "utf-8", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"))
    data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "replace")
    return octets(rng, [data], most=1) if rng.random() < 0.2 and data else data


def _accident(rng: random.Random, text: str, texts: Sequence[str]) -> str:
    a, b = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
    b = min(b, a + 400)
    lines = text.split("\n")
    kind = rng.randrange(9)
    if kind == 0:
        return text[:a] + text[b:]
    if kind == 1:
        return text[:a] + text[a:b] * rng.randint(2, 12) + text[b:]
    if kind == 2:
        return text[:a] + rng.choice(_HOSTILE) + text[a:]
    if kind == 3:
        return text[:a]
    if kind == 4:
        other = rng.choice(texts)
        return text[:a] + other[rng.randint(0, len(other)) :][:600] + text[a:]
    if kind == 5:
        rng.shuffle(lines)
        return "\n".join(lines)
    if kind == 6:
        return text.replace("\n", rng.choice(("\r", "\r\n", "\n\n", "\n\t", " ")))
    if kind == 7:
        return "\n".join(" " * rng.randint(0, 9) + line for line in lines)
    return text[:a] + rng.choice(_HOSTILE) * rng.randint(1, 60) + text[b:]


def octets(rng: random.Random, seeds: Sequence[bytes], *, most: int = 12) -> bytes:
    """A file with a few places cut out, doubled or written over."""
    data = rng.choice(seeds)
    for _ in range(rng.randint(1, most)):
        at = rng.randint(0, len(data))
        cut = rng.choice((0, 1, 1, 4, rng.randint(0, 400)))
        new = rng.choice(
            (rng.randbytes(rng.randint(0, 4)), rng.choice(_BYTES), data[at : at + cut] * rng.randint(1, 9))
        )
        data = data[:at] + new + data[at + cut :]
    return data


def packed(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """An archive damaged in its bytes, or in one of its files and packed again."""
    data = rng.choice(seeds)
    if rng.random() < 0.3:
        return octets(rng, [data], most=4)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        hurt = max(rng.choice(names), rng.choice(names), key=lambda name: old.getinfo(name).file_size)
        for name in names:
            content = old.read(name)
            damage = (
                rng.choice((_words, _words, accidents, octets)) if name == hurt and not name.endswith(".zip") else None
            )
            new.writestr(name, damage(rng, [content]) if damage else content)
    return out.getvalue()


def either(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    return rng.choice((_words, _words, accidents, octets))(rng, seeds)


def _words(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A file with one to four words or numbers replaced by others of their kind, so that its shape mostly holds."""
    text = rng.choice(seeds).decode("utf-8", "replace")
    known = [match[0] for match in _WORD.finditer(text)]
    for _ in range(rng.randint(1, 4)):
        found = list(_WORD.finditer(text))
        if not found:
            break
        old = rng.choice(found)
        kind = _NUMBERS if old[0][0].isdigit() else _WORDS
        alike = [word for word in known if word[0].isdigit() == old[0][0].isdigit()]
        text = text[: old.start()] + rng.choice((*kind, rng.choice(alike or kind))) + text[old.end() :]
    return text.encode("utf-8", "surrogatepass")


DAMAGE: dict[str, Callable[[random.Random, Sequence[bytes]], bytes]] = {
    "json": either,
    "opml": either,
    "html": either,
    "docx": packed,
    "pdf": octets,
    "zip": packed,
}
