"""What `make run` serves: the dashboard of `app.py`, with headers that keep the browser on this machine.

It imports what the first script run would import (no torch, no charts), so that the first reader does not wait for it.
"""

from __future__ import annotations

import sys

import pandas  # noqa: F401  Streamlit imports it, and the next, in its first script run
import PIL.Image  # noqa: F401
import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

import early
import warmup
from explainers import attention  # noqa: F401
from study import catalogue, document
from ui import components, figure, frame, passage, reading, tokentable, warm, widgets  # noqa: F401
from ui.http import PageHeaders
from ui.scripts import FromMemory

PICTURES = frozenset(f"/{concept.page}" for concept in catalogue.load().concepts if concept.ready)

document.load()

# Until app.py has built its navigation once, Streamlit would take the files of pages/ for the pages: the first reader
# of a page whose address is not its file's name would be told that it does not exist.
PagesManager.uses_pages_directory = False


# What a script has drawn is sent by another thread, which by Python's default may wait five milliseconds for its turn.
sys.setswitchinterval(0.001)


def opened(path: str) -> None:
    """Begin to load the models while the browser still fetches the scripts of a page that needs them."""
    if path in PICTURES:
        warm.begin(warmup.jobs_of(path.removeprefix("/")))


app = st.App("app.py", middleware=[Middleware(PageHeaders, opened=opened, look=early.look), Middleware(FromMemory)])
