"""What `make run` serves: the dashboard of `app.py`, with headers that keep the browser on this machine."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

import warmup
from study import catalogue
from ui import warm
from ui.http import PageHeaders

PICTURES = frozenset(f"/{concept.page}" for concept in catalogue.load().concepts if concept.ready)


def opened(path: str) -> None:
    """Begin to load the models while the browser still fetches the scripts of a page that needs them."""
    if path in PICTURES:
        warm.begin(warmup.JOBS)


app = st.App("app.py", middleware=[Middleware(PageHeaders, opened=opened)])
