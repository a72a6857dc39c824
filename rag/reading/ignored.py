"""Names in a notes folder that are nobody's notes: what editors, browsers and sync clients put there for a while.

Hidden files and folders are among them (`.obsidian/`, `.trash/`, iCloud's `.name.icloud`, Syncthing's
`.stversions/`). A link that leads out of the folder is left alone too. Knows nothing of what a note looks like.
"""

from __future__ import annotations

import re
from pathlib import Path

_IGNORED = re.compile(
    r"\..*|~\$.*|#.*#|.*~"  # hidden; Office's owner files; Emacs' autosaves; backups
    r"|.*\.(?:te?mp|part|partial|crdownload|download|opdownload|icloud|sw[a-z]|bak|lock|!sync|bts)"
    r"|.*\.sync-conflict-.*|.*\.sb-[0-9a-f]+-\w+|.*\.tmp[.-].*|~syncthing~.*",
    re.IGNORECASE | re.DOTALL,
)


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name, without its path, is left alone."""
    return bool(_IGNORED.fullmatch(name))


def leads_out(path: Path, root: Path) -> bool:
    """Whether `path` is a link to something outside `root`, which is resolved. Looks at the disk."""
    return path.is_symlink() and not path.resolve().is_relative_to(root)
