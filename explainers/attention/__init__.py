"""Attention in BERT: run the model, measure its heads, pack the result for drawing.

Importing this package costs numpy only; torch and transformers are imported by the first call of `trace`.
References: Vaswani et al. 2017 (arXiv:1706.03762), Devlin et al. 2019 (arXiv:1810.04805), Clark et al. 2019
(arXiv:1906.04341).
"""

from explainers.attention.aside import set_aside_special
from explainers.attention.cutting import Cut
from explainers.attention.measures import (
    Measures,
    StrongestKey,
    entropy,
    mean_distance,
    measure,
    sink_share,
    strongest_keys,
)
from explainers.attention.payload import Unpacked, pack, to_csv, unpack
from explainers.attention.trace import (
    AttentionTrace,
    EmptyTextError,
    Token,
    TokenLimitError,
    assemble,
    clear_cache,
    forward,
    trace,
)

__all__ = [
    "AttentionTrace",
    "Cut",
    "EmptyTextError",
    "Measures",
    "StrongestKey",
    "Token",
    "TokenLimitError",
    "Unpacked",
    "assemble",
    "clear_cache",
    "entropy",
    "forward",
    "mean_distance",
    "measure",
    "pack",
    "set_aside_special",
    "sink_share",
    "strongest_keys",
    "to_csv",
    "trace",
    "unpack",
]
