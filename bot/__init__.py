"""The faces of Footnote: Discord, and the same thing in a terminal."""
