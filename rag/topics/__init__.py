"""What all episodes say: of one topic, over time, side by side, what is new, and which topics there are."""
