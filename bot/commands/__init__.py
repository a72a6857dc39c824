"""One module for each command that is more than a call into the pipeline."""
