"""Language models and embedders: which there are, how they are fetched, loaded, asked, and trusted. Knows no notes."""
