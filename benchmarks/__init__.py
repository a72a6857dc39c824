"""Speed and memory of Footnote on this machine: `make bench`, or `python -m benchmarks --help`."""
