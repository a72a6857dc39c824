"""Runs as a child of the bot: `python -m bot.child`. The first line of standard input has the settings."""

from __future__ import annotations

import faulthandler
import json
import signal
import sys

from bot.answering.assistant import open_assistant
from bot.child.serve import serve, way_to_parent
from bot.health.logs import start_log
from bot.settings import load_settings


def main() -> None:
    """Serve the parent; it alone decides when that ends."""
    faulthandler.enable()
    for number in (signal.SIGINT, signal.SIGTERM):  # both reach a whole group of processes
        signal.signal(number, signal.SIG_IGN)
    settings = load_settings(**json.loads(sys.stdin.readline()))
    start_log(settings.log_level, settings.log_format)
    outgoing = way_to_parent()
    serve(lambda: open_assistant(settings), sys.stdin, outgoing)


if __name__ == "__main__":
    main()
