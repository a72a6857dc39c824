"""Sentences that a model writes: what it is given, how it is asked, and what checks each of them."""
