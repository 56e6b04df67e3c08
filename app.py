"""Illustrated Notes: the composition root. It builds the navigation from the catalogue and runs the page asked for."""

from __future__ import annotations

import logging

import streamlit as st

import warmup
from study import catalogue
from ui import frame, language, warm

st.set_page_config(page_title="圖解筆記 Illustrated Notes", page_icon="assets/media/icon.png", layout="wide")

concepts = [concept for concept in catalogue.load().concepts if concept.ready]
pages = [
    st.Page("pages/home.py", title="圖解筆記", url_path="home", default=True),
    *(st.Page(concept.script, title=concept.id, url_path=concept.page) for concept in concepts),
    st.Page("pages/reader.py", title="reader", url_path="reader"),
    st.Page("pages/notes.py", title="notes", url_path="notes"),
    st.Page("pages/glossary.py", title="glossary", url_path="glossary"),
]
page = st.navigation(pages, position="hidden")
try:
    page.run()
except Exception:
    # The reader gets a sentence, the log gets the reason.
    logging.getLogger("illustrated_notes").exception("page %s failed", page.url_path)
    frame.trouble(language.load(frame.spoken())("house.failed"))


warm.begin(warmup.jobs_of(page.url_path), warm.PAUSE_S)
