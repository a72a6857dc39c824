"""What the bot remembers between two questions and across restarts. Knows nothing of Discord, of models or of notes."""
