"""Makes everything Footnote needs, from a bare clone: environment, dependencies, llama.cpp, models, index.

Run it as often as you like: what is done is skipped. Needs nothing but Python itself. `--dev` adds what the
tests need.
"""

import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13))


def main() -> None:
    """Refuse a Python that is too old or too new in one sentence, before anything it could not even import."""
    found = sys.version_info[:2]
    if found not in SUPPORTED:
        sys.exit(
            f"Footnote needs Python 3.11, 3.12 or 3.13, and {sys.executable} is {found[0]}.{found[1]}. "
            "Install one of them, then run this again."
        )
    import bootstrap

    bootstrap.main()


if __name__ == "__main__":
    main()
