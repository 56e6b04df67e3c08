"""Published models through a stand-in for the place they come from: progress, checks, calling off, no second fetch."""

from __future__ import annotations

import functools
import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from explainers.embeddings import downloads, spaces
from explainers.errors import ExplainerError


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served over HTTP, and an empty folder for what is fetched."""
    served = tmp_path / "served"
    served.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(downloads, "BASE", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(downloads, "PART", 256)
    monkeypatch.setenv("GENSIM_DATA_DIR", str(tmp_path / "kept"))
    yield served
    server.shutdown()
    server.server_close()


def offer(
    place: Path, monkeypatch: pytest.MonkeyPatch, *, binary: bool = False, **changed: object
) -> downloads.Download:
    """A model of 40 words at the place, in the list of what is known."""
    vectors = KeyedVectors(5)
    rng = np.random.default_rng(0)
    vectors.add_vectors([f"w{i}" for i in range(40)], rng.normal(size=(40, 5)).astype(np.float32))
    vectors.save_word2vec_format(str(place / "plain"), binary=binary)
    packed = gzip.compress((place / "plain").read_bytes())
    (place / "mine").mkdir()
    (place / "mine" / "mine.gz").write_bytes(packed)
    given = {"size": len(packed), "words": 40, "dims": 5, "md5": hashlib.md5(packed).hexdigest()} | changed
    model = downloads.Download("mine", suffix=".bin" if binary else ".txt", **given)  # type: ignore[arg-type]
    monkeypatch.setattr(downloads, "KNOWN", (*downloads.KNOWN, model))
    return model


@pytest.mark.parametrize("binary", [False, True])
def test_a_model_is_fetched_read_and_kept(place: Path, monkeypatch: pytest.MonkeyPatch, binary: bool) -> None:
    model = offer(place, monkeypatch, binary=binary)
    parts: list[float] = []
    space = spaces.load("hub:mine", report=lambda part, _: parts.append(part))
    assert space.name == "mine" and len(space) == 40 and space.dims == 5
    assert parts == sorted(parts) and parts[0] < 0.7 and len(parts) > 3 and parts[-1] <= 1
    expected = KeyedVectors.load_word2vec_format(str(place / "plain"), binary=binary)
    assert np.allclose(space.vector("w7"), expected["w7"], atol=1e-6)
    (place / "mine" / "mine.gz").unlink()
    again = spaces.load("hub:mine", most=10)
    assert again.words == space.words[:10]
    assert model in spaces.downloads()
    assert [path.name for path in downloads.folder().rglob("*") if path.is_file()] == ["mine.gz"]


def test_another_content_than_expected_is_refused_and_removed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, changed in enumerate(({"md5": "0" * 32}, {"size": 100}, {"size": 100_000})):
        folder = place / str(number)
        folder.mkdir()
        monkeypatch.setattr(downloads, "BASE", downloads.BASE.split("/", 3)[0] + "//" + downloads.BASE.split("/")[2]
                            + f"/{number}")  # fmt: skip
        model = offer(folder, monkeypatch, **changed)
        with pytest.raises(ExplainerError) as caught:
            downloads.fetch(model)
        assert caught.value.code == "embedding_download_changed"
        assert not list(downloads.folder().rglob("*.gz")) and not list(downloads.folder().rglob("*.part"))


def test_calling_off_leaves_nothing_behind(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = offer(place, monkeypatch)

    class StopError(Exception):
        pass

    def stop(part: float, _: object) -> None:
        if part > 0.3:
            raise StopError

    with pytest.raises(StopError):
        downloads.fetch(model, report=stop)
    assert not [path for path in downloads.folder().rglob("*") if path.is_file()]


def test_no_network_and_no_such_model(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = offer(place, monkeypatch)
    (place / "mine" / "mine.gz").unlink()
    with pytest.raises(ExplainerError, match="embedding_download_unreachable"):
        downloads.fetch(model)
    monkeypatch.setattr(downloads, "BASE", "http://127.0.0.1:9")
    with pytest.raises(ExplainerError, match="embedding_download_unreachable"):
        downloads.fetch(model)
    with pytest.raises(ExplainerError, match="embedding_download_unknown"):
        spaces.load("hub:../../etc/passwd")


def test_a_full_disk_is_said_beforehand(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = offer(place, monkeypatch, size=10**15)
    with pytest.raises(ExplainerError, match="embedding_download_space"):
        downloads.fetch(model)


def test_the_sizes_are_known_before_anything_is_fetched() -> None:
    sizes = {model.name: round(model.megabytes) for model in spaces.downloads()}
    assert sizes["word2vec-google-news-300"] == 1744 and sizes["fasttext-wiki-news-subwords-300"] == 1005
    assert len({model.md5 for model in spaces.downloads()}) == len(spaces.downloads())
