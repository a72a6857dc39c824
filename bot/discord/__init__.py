"""The bot on Discord: what comes in, what is shown, who may do what. Knows the assistant only through the worker."""
