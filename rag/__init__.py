"""From note files to cited answers. Knows nothing of Discord or of the terminal."""
