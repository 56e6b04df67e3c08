"""Texts as vectors: the sentence vectors of the bundled BERT, means of the shipped Chinese word vectors
(`explainers.wordmeans`), or TF-IDF of characters reduced to its main directions.

TF-IDF over single characters and pairs of them needs no dictionary and serves any script; its reduction is latent
semantic analysis (Deerwester et al. 1990, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9), computed
as Halko, Martinsson & Tropp 2011 do (arXiv:0909.4061). BERT's sentence vector is the mean of its last layer's token
vectors, as in Reimers & Gurevych 2019 (arXiv:1908.10084). No label is used here.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from explainers.focal_loss.datasets import Float32
from explainers.focal_loss.texts import Corpus
from explainers.models import load_bert
from explainers.progress import Report, silent
from explainers.wordmeans import shipped, word_vectors

__all__ = ["WAYS", "bert_vectors", "tfidf_vectors", "way_of", "word_vectors"]

MAX_FEATURES = 20_000
DIMENSIONS = 128
BATCH = 16
MAX_TOKENS = 96
MOST_FOR_BERT = 1000
"""More texts than this would keep a reader waiting longer than the training does."""


def way_of(corpus: Corpus) -> str:
    """How the texts become vectors: "words" where they are Chinese, which BERT does not know, and the words' vectors
    are shipped; "bert" where they are few enough; else "tfidf"."""
    if corpus.chinese:
        return "words" if shipped() else "tfidf"
    return "bert" if len(corpus.texts) <= MOST_FOR_BERT else "tfidf"


def tfidf_vectors(texts: Sequence[str], report: Report = silent) -> Float32:
    """Vectors Float32[n, k], k at most DIMENSIONS: TF-IDF of characters and pairs of them, then a truncated SVD."""
    from sklearn.decomposition import TruncatedSVD  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    report(0.05, None)
    # What stands in one text alone says nothing about another, unless there is next to nothing else.
    seen = Counter(sign for text in texts for sign in set(text.lower()))
    shared = 2 if sum(times > 1 for times in seen.values()) > 1 else 1
    counter = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 2), min_df=shared, max_features=MAX_FEATURES, sublinear_tf=True
    )
    table = counter.fit_transform(texts).astype(np.float32)
    report(0.6, None)
    wide = min(DIMENSIONS, min(table.shape) - 1)
    vectors = TruncatedSVD(wide, n_iter=3, random_state=0).fit_transform(table)
    report(1.0, None)
    return np.ascontiguousarray(vectors, dtype=np.float32)


def bert_vectors(texts: Sequence[str], report: Report = silent) -> Float32:
    """Vectors Float32[n, hidden], each of length 1, from the bundled BERT; a text is cut at MAX_TOKENS tokens."""
    import torch

    bert = load_bert()
    tokenizer = copy.deepcopy(bert.tokenizer)  # padding is its state: other readers' texts must not get it
    order = np.argsort([len(text) for text in texts], kind="stable")  # like lengths together: less padding
    vectors = np.empty((len(texts), bert.hidden), dtype=np.float32)
    for start in range(0, len(texts), BATCH):
        rows = order[start : start + BATCH]
        tokens = tokenizer(
            [texts[row] for row in rows], padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
        )
        mask = tokens["attention_mask"]
        with torch.inference_mode():
            last = bert.model(input_ids=tokens["input_ids"], attention_mask=mask).last_hidden_state
            mean = (last * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
            vectors[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
        report(min(1.0, (start + BATCH) / len(texts)), None)
    return vectors


WAYS: dict[str, Callable[..., Float32]] = {"bert": bert_vectors, "words": word_vectors, "tfidf": tfidf_vectors}
"""The function of each way."""
