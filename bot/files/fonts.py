"""Finds fonts on this machine that can write a text, for pictures and PDF files; none is shipped with Footnote.

Knows nothing of what is drawn with them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# The best first: those that write most alphabets and look plain.
_NAMES = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "segoeui.ttf", "Arial Unicode.ttf", "arial.ttf", "Arial.ttf",
    "LiberationSans-Regular.ttf", "FreeSans.ttf", "Ubuntu-R.ttf", "Roboto-Regular.ttf", "Helvetica.ttc",
    "NotoSansCJK-Regular.ttc", "msyh.ttc", "msgothic.ttc", "malgun.ttf", "PingFang.ttc", "AppleSDGothicNeo.ttc",
    "wqy-microhei.ttc", "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
)  # fmt: skip


@cache
def found() -> tuple[Path, ...]:
    """The fonts that there are, the best first."""
    known: dict[str, Path] = {}
    for folder in filter(Path.is_dir, _folders()):
        for here, _, names in os.walk(folder):
            known |= {name: Path(here, name) for name in names if name in _NAMES and name not in known}
    return tuple(known[name] for name in _NAMES if name in known)


def _folders() -> Iterator[Path]:
    home = Path.home()
    if sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts")
        yield home / "AppData/Local/Microsoft/Windows/Fonts"
    elif sys.platform == "darwin":
        yield from (Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts")
    else:
        yield from (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
        yield from (home / ".local/share/fonts", home / ".fonts")
