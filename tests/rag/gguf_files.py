"""The smallest files that are GGUF files."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np


def gguf_file(path: Path, *, name: str = "mine") -> bytes:
    """Write one with a tensor of 64 x 32 numbers to `path`; returns its bytes."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_token_list(["a", "bee", "§"])
    writer.add_tensor("output.weight", np.zeros((64, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path.read_bytes()
