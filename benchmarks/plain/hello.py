"""Peer: the smallest Streamlit page there is, in Streamlit's own settings; what the platform costs before we begin."""

import streamlit as st

st.title("Hello")
value = st.slider("Layer", 1, 6, 3, key="layer")
st.write(f"layer {value}")
