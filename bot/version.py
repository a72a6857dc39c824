"""Which Footnote this is, as it was installed."""

from __future__ import annotations


def installed(*, otherwise: str) -> str:
    """The version of the installed package; `otherwise` where it is run from a folder."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import, and `--help` does not need it

    try:
        return version("footnote")
    except PackageNotFoundError:
        return otherwise
