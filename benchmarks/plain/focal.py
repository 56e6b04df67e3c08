"""Peer: focal loss as a plain Streamlit page is usually written: a slider and four curves in st.plotly_chart."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

p_t = (np.arange(400) + 0.5) / 400
gamma = st.slider("gamma", 0.0, 5.0, 2.0, 0.1, key="gamma")
chart = go.Figure()
for each in (0.0, gamma, 0.5, 5.0):
    chart.add_scatter(x=p_t, y=-((1 - p_t) ** each) * np.log(p_t), name=f"gamma {each:g}")
st.plotly_chart(chart, key="chart")
st.write(f"layer {gamma}")
