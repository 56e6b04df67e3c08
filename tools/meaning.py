"""Vectors of what the ninety questions ask and answer, for the search (`make assets`): assets/search/meaning.npy."""

from __future__ import annotations

import numpy as np

from explainers import attention
from study import document, meaning


def main() -> None:
    rows = [
        [attention.trace(text, max_tokens=512).sentence_vector for text in meaning.texts(question.id)]
        for question in document.load().questions
    ]
    vectors = np.array(rows)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    meaning.VECTORS.parent.mkdir(exist_ok=True)
    np.save(meaning.VECTORS, vectors.astype(np.float16))


if __name__ == "__main__":
    main()
