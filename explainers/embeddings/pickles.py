"""gensim's .kv files, which are pickles, read without building what they ask for.

A pickle names the callables that rebuild its objects, and opening it calls them: a file from a stranger may call
anything (the warning at the top of Python's pickle documentation). Here a name stands for one of a few things of our
own: gensim's KeyedVectors becomes a bag of attributes, an array is made by functions that check what they are given,
and every other name ends the reading ("embedding_file_pickle"). Large arrays lie beside the file
(`<name>.vectors.npy`), where gensim puts them; they are read without pickle.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from explainers.embeddings.fasttext_file import composed
from explainers.embeddings.grams import Grams
from explainers.embeddings.sources import Source
from explainers.embeddings.space import Space


class _Bag:
    """What stands for a KeyedVectors object: its attributes, whatever their names."""

    def __init__(self, *_: object) -> None:
        self.held: dict[str, Any] = {}

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.held = state


class _Array:
    """What stands for an array while it is rebuilt: shape, kind and bytes, checked before anything is made of them."""

    def __init__(self) -> None:
        self.value: Any = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (_, tuple(shape), _Kind(code=code), bool(fortran), bytes(raw)):
                flat = np.frombuffer(raw, dtype=code)
                self.value = flat.reshape(shape, order="F" if fortran else "C")
            case (_, tuple(), _Kind(code="O"), _, list(values)):
                self.value = values
            case _:
                raise pickle.UnpicklingError("array")


class _Kind:
    """What stands for a dtype: whole and floating numbers, and O for lists of words."""

    def __init__(self, code: object = "", *_: object) -> None:
        known = {f"{letter}{size}" for letter in "iu" for size in (1, 2, 4, 8)} | {"f2", "f4", "f8", "O", "O8", "b1"}
        if code not in known:
            raise pickle.UnpicklingError("dtype")
        self.code = "O" if code == "O8" else str(code)

    def __setstate__(self, state: object) -> None:
        match state:
            case (_, ">", *_):
                self.code = f">{self.code}"
            case _:
                return


def _rebuilt(*_: object) -> _Array:
    return _Array()


def _from_buffer(raw: object, kind: object, shape: object, order: object) -> _Array:
    made = _Array()
    made.__setstate__((1, shape, kind, order == "F", bytes(raw) if isinstance(raw, bytes | bytearray) else raw))
    return made


def _scalar(kind: object, raw: object) -> float | None:
    if isinstance(kind, _Kind) and isinstance(raw, bytes) and kind.code != "O":
        return float(np.frombuffer(raw, dtype=kind.code)[0])
    return None


def _named(module: str, name: str) -> Any:
    """What a name of the file may stand for, None where it may not."""
    parts = module.split(".")
    if module in ("gensim.models.keyedvectors", "gensim.models.fasttext"):
        known = ("KeyedVectors", "Word2VecKeyedVectors", "FastTextKeyedVectors", "EuclideanKeyedVectors", "Vocab")
        return _Bag if name in known else None
    if parts[0] == "numpy" and parts[1:] in ([], ["core", "multiarray"], ["_core", "multiarray"], ["_core", "numeric"],
                                             ["core", "numeric"]):  # fmt: skip
        return {
            "_reconstruct": _rebuilt, "ndarray": _Array, "dtype": _Kind, "_frombuffer": _from_buffer, "scalar": _scalar
        }.get(name)  # fmt: skip
    if module in ("builtins", "__builtin__"):
        return {"bytearray": bytearray, "frozenset": frozenset, "set": set}.get(name)
    return _encoded if (module, name) == ("_codecs", "encode") else None


def _encoded(text: object, how: object = "latin1") -> bytes:
    # Protocol 2 and below write bytes as text: the only codec they use.
    if not isinstance(text, str) or how != "latin1":
        raise pickle.UnpicklingError("codec")
    return text.encode("latin1")


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = _named(module, name)
        if found is None:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return found

    def persistent_load(self, _: object) -> Any:
        raise pickle.UnpicklingError("persistent")


def read(source: Source) -> Space:
    """The space in a .kv file.

    Raises ExplainerError "embedding_file_" + pickle (it asks for something else), unreadable, missing (a part that
    lies beside it), header (words and vectors do not fit), number, large.
    """
    try:
        with source.path.open("rb") as stream:
            bag = _Reader(stream).load()
    except pickle.UnpicklingError as error:
        raise source.refused("pickle") from error
    except Exception as error:  # a damaged pickle raises whatever its next byte happens to mean
        raise source.refused("unreadable", reason=type(error).__name__) from error
    if not isinstance(bag, _Bag):
        raise source.refused("pickle")
    words = bag.held.get("index_to_key", bag.held.get("index2word"))
    words = words.value if isinstance(words, _Array) else words
    whole = _array(source, bag, "vectors")
    # FastText's are not saved: gensim makes them anew out of the words' own rows and the n-grams.
    vectors = whole if whole is not None else _array(source, bag, "vectors_vocab")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or vectors is None:
        raise source.refused("unreadable", reason="KeyedVectors")
    if vectors.ndim != 2 or len(vectors) != len(words) or not words:
        raise source.refused("header", promised=len(words), dims="-", found=" x ".join(map(str, vectors.shape)))
    kept = len(words) if source.most is None else min(len(words), source.most)
    source.bearable(kept, int(vectors.shape[1]))
    table = np.array(vectors[:kept], dtype=np.float32)
    grams = _grams(source, bag, table)
    if whole is None:
        table = composed(words[:kept], table, grams)
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if len(bad):
        raise source.refused("number", line=int(bad[0]) + 1, word=words[bad[0]][:40])
    return Space(source.name, "", tuple(words[:kept]), _counts(bag, kept), table, None, grams)


def _array(source: Source, bag: _Bag, name: str) -> Any:
    if name in (bag.held.get("__numpys") or ()):
        beside = Path(f"{source.path}.{name}.npy")
        if not beside.is_file():
            raise source.refused("missing", part=beside.name)
        try:
            return np.load(beside, mmap_mode="r", allow_pickle=False)
        except (ValueError, OSError, EOFError) as error:
            raise source.refused("unreadable", reason=type(error).__name__) from error
    held = bag.held.get(name)
    value = held.value if isinstance(held, _Array) else held
    return value if isinstance(value, np.ndarray) else None


def _counts(bag: _Bag, kept: int) -> Any:
    expandos = bag.held.get("expandos")
    found = expandos.get("count") if isinstance(expandos, dict) else None
    if isinstance(found, _Array) and isinstance(found.value, np.ndarray) and len(found.value) >= kept:
        return np.asarray(found.value[:kept], dtype=np.int64)
    return None


def _grams(source: Source, bag: _Bag, table: Any) -> Grams | None:
    shortest, longest = bag.held.get("min_n"), bag.held.get("max_n")
    matrix = _array(source, bag, "vectors_ngrams")
    if not isinstance(shortest, int) or not isinstance(longest, int) or matrix is None or not 0 < shortest <= longest:
        return None
    if matrix.ndim != 2 or not len(matrix) or matrix.shape[1] != table.shape[1] or matrix.dtype.kind != "f":
        return None
    return Grams(shortest, longest, matrix)
