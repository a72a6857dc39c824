"""What answers, opened as the settings have it: models, indexes, and one assistant over them."""
