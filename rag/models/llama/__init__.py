"""The language model and the embedder, run by llama.cpp. The one package that imports `llama_cpp`.

Knows nothing of notes, passages or questions: texts in; vectors, log-likelihoods and text out. One thread at a
time may use an instance; whoever owns it sees to that. Untrusted text is tokenised without special tokens, so
nothing a note or a user writes can become a control token.
"""

from rag.models.llama.context import offloads, threads_for
from rag.models.llama.embedder import EMBED_TOKENS, LlamaEmbedder, without_accents
from rag.models.llama.generator import RANK_CONTEXT, LlamaGenerator

__all__ = [
    "EMBED_TOKENS",
    "RANK_CONTEXT",
    "LlamaEmbedder",
    "LlamaGenerator",
    "offloads",
    "threads_for",
    "without_accents",
]
