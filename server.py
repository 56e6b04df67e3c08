"""What `make run` serves: the dashboard of `app.py`, with headers that keep the browser on this machine."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from ui.http import PageHeaders

app = st.App("app.py", middleware=[Middleware(PageHeaders)])
