"""Questions on their way to the one thread that answers: whose turn it is, and what was answered before."""
