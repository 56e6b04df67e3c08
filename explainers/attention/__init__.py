"""Attention in BERT: run the model, measure its heads, look inside one, read it in several ways, pack it for drawing.

Importing this package costs numpy only; torch and transformers are imported by the first call of `trace`.
References: Vaswani et al. 2017 (arXiv:1706.03762), Devlin et al. 2019 (arXiv:1810.04805), Clark et al. 2019
(arXiv:1906.04341).
"""

from explainers.attention.aside import set_aside_special
from explainers.attention.compact import CompactTrace
from explainers.attention.cutting import Cut
from explainers.attention.influence import (
    AttentionXGradient,
    LeaveOneOut,
    NoMaskTokenError,
    attention_x_gradient,
    leave_one_out,
)
from explainers.attention.inputs import (
    InputBuild,
    MatchStep,
    NotWordPieceError,
    WordMatch,
    build_input,
    longest_match,
    match_words,
    position_similarity,
    vocabulary,
)
from explainers.attention.measures import (
    Measures,
    StrongestKey,
    entropy,
    mean_distance,
    measure,
    sink_share,
    strongest_keys,
)
from explainers.attention.neuron import (
    DotProductAttention,
    NeuronView,
    Projections,
    neuron,
    pack_projections,
    projections,
    scaled_dot_product,
)
from explainers.attention.payload import Unpacked, pack, pack_head, to_csv, unpack, unpack_head
from explainers.attention.readings import (
    NAMES,
    Comparison,
    SinkByLayer,
    averaged,
    compare,
    for_target,
    rank_correlations,
    raw,
    rollout,
    sink_share_by_layer,
)
from explainers.attention.trace import (
    AttentionTrace,
    EmptyTextError,
    ForwardPass,
    Token,
    TokenLimitError,
    assemble,
    clear_cache,
    forward,
    trace,
)
from explainers.attention.view import View, is_kept, name_of, packed_view, view

__all__ = [
    "NAMES",
    "AttentionTrace",
    "AttentionXGradient",
    "CompactTrace",
    "Comparison",
    "Cut",
    "DotProductAttention",
    "EmptyTextError",
    "ForwardPass",
    "InputBuild",
    "LeaveOneOut",
    "MatchStep",
    "Measures",
    "NeuronView",
    "NoMaskTokenError",
    "NotWordPieceError",
    "Projections",
    "SinkByLayer",
    "StrongestKey",
    "Token",
    "TokenLimitError",
    "Unpacked",
    "View",
    "WordMatch",
    "assemble",
    "attention_x_gradient",
    "averaged",
    "build_input",
    "clear_cache",
    "compare",
    "entropy",
    "for_target",
    "forward",
    "is_kept",
    "leave_one_out",
    "longest_match",
    "match_words",
    "mean_distance",
    "measure",
    "name_of",
    "neuron",
    "pack",
    "pack_head",
    "pack_projections",
    "packed_view",
    "position_similarity",
    "projections",
    "rank_correlations",
    "raw",
    "rollout",
    "scaled_dot_product",
    "set_aside_special",
    "sink_share",
    "sink_share_by_layer",
    "strongest_keys",
    "to_csv",
    "trace",
    "unpack",
    "unpack_head",
    "view",
    "vocabulary",
]
