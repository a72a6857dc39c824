"""How the bot does: figures, health, log, signs of life."""
