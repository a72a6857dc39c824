"""From files to episodes and passages: found, taken out of their formats, recognised, joined, watched."""
