"""The first run: what `footnote init` asks, and how the bot is made to start by itself."""
