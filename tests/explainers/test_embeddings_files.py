"""Own files: what gensim writes is read alike; what is wrong is refused with the code that says why."""

from __future__ import annotations

import gzip
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import gensim
import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from gensim.test.utils import datapath

from explainers.embeddings import files, pickles, sources, spaces
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError

WORDS = ["the", "of", "蘋果", "naïve", "a_b", "3.5"]


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    made = KeyedVectors(4)
    made.add_vectors(WORDS, np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32))
    return made


def alike(space: Space, peer: KeyedVectors) -> None:
    assert list(space.words) == peer.index_to_key
    assert np.allclose(space.rows(slice(None)), peer.vectors, atol=1e-6)


@pytest.mark.parametrize("suffix", [".txt", ".vec", ".bin", ".txt.gz", ".bin.gz"])
def test_what_gensim_writes_is_read_alike(tmp_path: Path, vectors: KeyedVectors, suffix: str) -> None:
    path = tmp_path / f"mine{suffix}"
    vectors.save_word2vec_format(str(path), binary=".bin" in suffix)
    reports: list[float] = []
    space = spaces.load(str(path), report=lambda part, _: reports.append(part))
    alike(space, vectors)
    assert space.name == path.name
    assert spaces.load(str(path), name="Meine.txt", most=2).words == ("the", "of") if suffix == ".txt" else True
    assert all(0 <= part <= 1 for part in reports)


def test_gloves_own_text_has_no_first_line(tmp_path: Path, vectors: KeyedVectors) -> None:
    path = tmp_path / "glove.txt"
    vectors.save_word2vec_format(str(path), write_header=False)
    alike(files.read(path), vectors)
    given = files.read(datapath("test_glove.txt"))
    peer = KeyedVectors.load_word2vec_format(datapath("test_glove.txt"), no_header=True)
    alike(given, peer)


def test_a_word_may_hold_blanks_and_lines_may_end_anyhow(tmp_path: Path) -> None:
    path = tmp_path / "blanks.vec"
    path.write_bytes("3 2\r\n. . . 1 2 \r\nnew\u00a0york 3 4\n\nc 5e-1 -6".encode())
    space = files.read(path)
    assert space.words == (". . .", "new\u00a0york", "c")
    assert space.rows(slice(None)).tolist() == [[1, 2], [3, 4], [0.5, -6]]
    path = tmp_path / "tabs.txt"
    path.write_text("a\t1\t2\nb\t3\t4\n", "utf-8")
    assert files.read(path).rows([1]).tolist() == [[3, 4]]


@pytest.mark.parametrize("name", ["lee_fasttext_new.bin", "crime-and-punishment.bin"])
def test_fasttexts_own_binary_is_read_as_gensim_reads_it(name: str) -> None:
    peer = load_facebook_vectors(datapath(name))
    space = files.read(datapath(name))
    assert list(space.words) == peer.index_to_key
    # The mark of a sentence's end has no n-grams in FastText itself (`Dictionary::initNgrams`); gensim gives it some.
    kept = [row for row, word in enumerate(space.words) if word != "</s>"]
    assert len(kept) > 50
    assert np.allclose(space.rows(kept), peer.vectors[kept], atol=1e-5)
    if space.has("</s>"):
        assert np.allclose(space.vector("</s>"), peer.vectors_vocab[space.row("</s>")], atol=1e-6)
    assert space.grams is not None and isinstance(space.grams.table, np.memmap)
    for word in ("unseenword", "преступления", space.words[3] + "x"):
        assert np.allclose(space.vector(word), peer[word], atol=1e-5)


def test_a_fasttext_binary_of_gensims_own_and_part_of_it(tmp_path: Path) -> None:
    model = FastText([["one", "two", "three"] * 3] * 5, vector_size=6, min_count=1, bucket=50, epochs=1, workers=1)
    path = tmp_path / "mine.bin"
    save_facebook_model(model, str(path))
    alike(files.read(path), load_facebook_vectors(str(path)))
    part = files.read(path, most=2)
    assert len(part) == 2 and part.grams is not None
    assert np.allclose(part.vector("threeone"), model.wv["threeone"], atol=1e-5)


def test_kv_files_are_read_without_opening_the_pickle(
    tmp_path: Path, vectors: KeyedVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, parted = tmp_path / "mine.kv", tmp_path / "parted.kv"
    vectors.save(str(path))
    vectors.save(str(parted), separately=["vectors"])
    assert (tmp_path / "parted.kv.vectors.npy").is_file()
    monkeypatch.setattr(KeyedVectors, "__setstate__", lambda *_: 1 / 0, raising=False)
    for one in (path, parted):
        alike(files.read(one), vectors)
    (tmp_path / "parted.kv.vectors.npy").unlink()
    refused(parted, "missing")


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_kv_files_of_all_protocols_and_of_fasttext(tmp_path: Path, protocol: int) -> None:
    model = FastText([["one", "two", "three"] * 3] * 5, vector_size=6, min_count=1, bucket=50, epochs=1, workers=1)
    path = tmp_path / "mine.kv"
    model.wv.save(str(path), pickle_protocol=protocol)
    space = files.read(path)
    alike(space, model.wv)
    assert space.counts is not None and space.counts.tolist() == [15, 15, 15]
    assert np.allclose(space.vector("twothree"), model.wv["twothree"], atol=1e-5)


def refused(path: Path, why: str, **more: object) -> ExplainerError:
    with pytest.raises(ExplainerError) as caught:
        files.read(path, **more)  # type: ignore[arg-type]
    assert caught.value.code == f"embedding_file_{why}", caught.value
    assert caught.value.details["name"] == path.name
    return caught.value


class Bomb:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("name", ["a.kv", "a.bin", "a.txt", "a.pkl", "a.vec.gz", "a.model"])
def test_a_pickle_that_would_run_something_does_not(tmp_path: Path, name: str) -> None:
    mark = tmp_path / "ran"
    data = pickle.dumps({"index_to_key": ["a"], "vectors": Bomb(mark)})
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    refused(path, "pickle")
    assert not mark.exists()


@pytest.mark.parametrize(
    "call", ["posix system", "builtins eval", "numpy.lib.npyio load", "gensim.utils unpickle", "numpy fromfile",
             "gensim.models.keyedvectors KeyedVectors.load", "functools partial", "numpy._core.multiarray fromfile"],
)  # fmt: skip
def test_no_other_name_can_be_called(tmp_path: Path, call: str) -> None:
    module, name = call.split()
    path = tmp_path / "a.kv"
    path.write_bytes(f"c{module}\n{name}\n(S'touch {tmp_path}/ran'\ntR.".encode())
    refused(path, "pickle")
    assert not (tmp_path / "ran").exists()
    assert pickles._named(module, name) is None


def test_damaged_kv_files(tmp_path: Path, vectors: KeyedVectors) -> None:
    good = tmp_path / "good.kv"
    vectors.save(str(good))
    data = good.read_bytes()
    path = tmp_path / "bad.kv"
    for changed, why in (
        (data[: len(data) // 2], "unreadable"),
        (b"not a pickle at all", "unreadable"),
        (pickle.dumps(["a", "list"]), "pickle"),
    ):
        path.write_bytes(changed)
        with pytest.raises(ExplainerError) as caught:
            files.read(path)
        assert caught.value.code in (f"embedding_file_{why}", "embedding_file_pickle")
    lying = KeyedVectors(4)
    lying.add_vectors(WORDS, vectors.vectors)
    lying.vectors = lying.vectors[:3]
    lying.save(str(path))
    refused(path, "header")
    lying.vectors = np.full((6, 4), np.nan, np.float32)
    lying.save(str(path))
    refused(path, "number")


TEXTS: dict[str, tuple[bytes, str]] = {
    "a row too short": (b"2 3\na 1 2 3\nb 1 2\n", "columns"),
    "a row too long": (b"a 1 2 3\nb 1 2 3 4\n", "columns"),
    "a header of other dimensions": (b"2 5\na 1 2 3\nb 1 2 3\n", "columns"),
    "no numbers at all": (b"This is a letter to somebody.\nAnd its second line.\n", "columns"),
    "a header that promises more": (b"3 2\na 1 2\nb 3 4\n", "truncated"),
    "a header that promises less": (b"1 2\na 1 2\nb 3 4\n", "header"),
    "a header that promises a world": (b"999999999999 300\na 1 2\n", "header"),
    "a header of nothing": (b"0 2\na 1 2\n", "header"),
    "a header alone": (b"1 1\n", "truncated"),
    "not UTF-8": (b"2 2\nna\xefve 1 2\nb 3 4\n", "encoding"),
    "UTF-16": ("a 1 2\nb 3 4\n".encode("utf-16"), "encoding"),
    "not a number": (b"2 2\na 1 2\nb 3 x4\n", "number"),
    "not finite": (b"2 2\na 1 2\nb nan 4\n", "number"),
    "cut off in a row": (b"3 2\na 1 2\nb 3 4\nc 5", "columns"),
    "empty": (b"", "empty"),
}


@pytest.mark.parametrize("what", TEXTS)
def test_text_that_is_wrong(tmp_path: Path, what: str) -> None:
    data, why = TEXTS[what]
    path = tmp_path / "mine.txt"
    path.write_bytes(data)
    refused(path, why)
    if data:
        packed = tmp_path / "mine.vec.gz"
        packed.write_bytes(gzip.compress(data))
        refused(packed, why)


def in_binary(change: Callable[[bytes], bytes]) -> bytes:
    rows = b"".join(word.encode() + b" " + np.arange(300, dtype="<f4").tobytes() for word in WORDS)
    return change(b"6 300\n" + rows)


BINARIES: dict[str, tuple[bytes, str]] = {
    "cut off": (in_binary(lambda data: data[:-100]), "truncated"),
    "one word only": (in_binary(lambda data: data[:1300]), "header"),
    "other dimensions": (in_binary(lambda data: data.replace(b"6 300", b"6 200", 1)), "header"),
    "more than promised": (in_binary(lambda data: data.replace(b"6 300", b"5 300", 1)), "header"),
    "no header": (in_binary(lambda data: data[6:]), "header"),
    "a world": (in_binary(lambda data: data.replace(b"6 300", b"600000000000 300", 1)), "header"),
    "not UTF-8": (in_binary(lambda data: data.replace("naïve".encode(), "naïve".encode("latin-1"), 1)), "encoding"),
    "not finite": (in_binary(lambda data: data[:-4] + np.array([np.inf], "<f4").tobytes()), "number"),
}


@pytest.mark.parametrize("what", BINARIES)
def test_binaries_that_are_wrong(tmp_path: Path, what: str) -> None:
    data, why = BINARIES[what]
    path = tmp_path / "mine.bin"
    path.write_bytes(data)
    refused(path, why)


def test_every_cut_of_a_fasttext_binary_is_refused(tmp_path: Path) -> None:
    data = Path(datapath("lee_fasttext_new.bin")).read_bytes()
    matrix = data.rfind(b"\0\0\0\0\0\0\0", 0, len(data) // 2)
    path = tmp_path / "cut.bin"
    for end in (5, 30, 60, 90, 400, matrix, len(data) // 3):
        path.write_bytes(data[:end])
        with pytest.raises(ExplainerError) as caught:
            files.read(path)
        assert caught.value.code in ("embedding_file_truncated", "embedding_file_header"), end
    dims = bytearray(data)
    dims[8:12] = (7).to_bytes(4, "little")
    path.write_bytes(bytes(dims))
    refused(path, "header")
    classifier = bytearray(data)
    classifier[4:8] = (9).to_bytes(4, "little")
    path.write_bytes(bytes(classifier))
    refused(path, "kind")


def test_a_file_of_five_gigabytes_is_refused_at_once_unless_part_of_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as stream:
        stream.write(b"a 1 2\nb 3 4\nc 5 6\n")
        stream.truncate(5 * 2**30)  # takes no room on the disk
    assert refused(path, "large").details["size"] == "5.0"
    assert files.read(path, most=2).words == ("a", "b")


def test_gzip_that_grows_without_end_or_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.txt.gz"
    path.write_bytes(gzip.compress(b"a 1 2\n" * 100_000))
    monkeypatch.setattr(files, "LIMIT", 100_000)
    refused(path, "large")
    monkeypatch.undo()
    path.write_bytes(gzip.compress(os.urandom(5000))[:3000])
    refused(path, "truncated")
    path.write_bytes(b"no gzip")
    refused(path, "unreadable")


def test_vectors_that_would_not_fit_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_VECTORS", 100)
    path = tmp_path / "mine.bin"
    path.write_bytes(in_binary(bytes))
    refused(path, "large")


def test_other_files_and_none(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.txt", "missing")
    refused(tmp_path, "missing")
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG")
    refused(path, "kind")
    refused(tmp_path / ("x" * 300 + ".txt"), "unreadable")
    with pytest.raises(ExplainerError, match="embedding_file_"):
        files.read("nul\0l.txt")


def test_gensims_test_data_is_where_it_was() -> None:
    assert Path(gensim.__file__).parent in Path(datapath("lee_fasttext.bin")).parents
