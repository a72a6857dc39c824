"""Runs the bot as a program of its own, with an assistant that only takes time. The environment has the settings."""

from __future__ import annotations

import argparse
import logging
import sys

from bot.commands.discord import run_bot
from bot.settings import Settings
from tests.bot.timed_assistant import TimedAssistant


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("--quick", default="", metavar="WORD", help="questions with it take no time")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    opened = TimedAssistant(seconds=arguments.seconds, deaf=arguments.deaf, quick=arguments.quick)
    return run_bot(Settings(), lambda: opened)


if __name__ == "__main__":
    sys.exit(main())
