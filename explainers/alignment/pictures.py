"""A reader's own picture, made safe and plain: RGB, upright, of a bounded size; what was done to it is said.

The size is read from the file's head before anything is decoded, so that a small file that unpacks to gigabytes
(a decompression bomb) costs nothing. Reference: Pillow's documentation, "Decompression bombs", and EXIF 2.3, tag 274.
"""

from __future__ import annotations

import importlib.util
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from explainers.errors import ExplainerError

MOST_PIXELS = 50_000_000
MOST_BYTES = 40_000_000
KEPT_SIDE = 512  # the longer side of what is kept; encoders read less
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
Done = Literal["first_frame", "alpha", "turned"]
Shipped = Literal["china", "flower"]


class PictureError(ExplainerError):
    """A file that is not taken: `code` is "picture-none" (no picture of a known format, or a damaged one),
    "picture-pixels" (details: megapixels, most) or "picture-bytes" (details: most)."""


@dataclass(frozen=True, eq=False)
class Picture:
    """pixels: UInt8[height, width, 3]. done: what was done to make it plain: the first frame of several was taken, a
    transparent ground was filled with white, it was turned upright as its EXIF data say."""

    pixels: NDArray[np.uint8]
    done: tuple[Done, ...]


def open_picture(data: bytes) -> Picture:
    """The picture in a file. Raises PictureError."""
    if len(data) > MOST_BYTES:
        raise PictureError("picture-bytes", {"most": f"{MOST_BYTES / 1e6:.0f}"})
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures and refuses very large ones; here one limit decides, below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                return _plain(image)
    except Image.DecompressionBombError as error:
        most = f"{MOST_PIXELS / 1e6:.0f}"
        raise PictureError("picture-pixels", {"megapixels": f"> {most}", "most": most}) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, MemoryError) as error:
        raise PictureError("picture-none") from error  # a damaged file raises whatever its decoder raises


def _plain(image: Image.Image) -> Picture:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        details = {"megapixels": f"{pixels / 1e6:.0f}", "most": f"{MOST_PIXELS / 1e6:.0f}"}
        raise PictureError("picture-pixels", details)
    done: list[Done] = ["first_frame"] if getattr(image, "n_frames", 1) > 1 else []
    image.draft("RGB", (2 * KEPT_SIDE, 2 * KEPT_SIDE))  # a JPEG is decoded at an eighth of its size if that is enough
    image.load()
    if image.getexif().get(274, 1) != 1:
        done.append("turned")
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE))
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        done.append("alpha")
        layer = upright.convert("RGBA")
        upright = Image.new("RGBA", layer.size, "white")
        upright.alpha_composite(layer)
    return Picture(np.asarray(upright.convert("RGB"), np.uint8), tuple(done))


def squared(picture: Picture, side: int) -> NDArray[np.uint8]:
    """The middle square of a picture at `side` pixels, UInt8[side, side, 3]."""
    image = ImageOps.fit(Image.fromarray(picture.pixels), (side, side), Image.Resampling.BICUBIC)
    return np.asarray(image, np.uint8)


def shipped(name: Shipped) -> Picture:
    """A photograph that scikit-learn carries (sklearn/datasets/images, CC BY). Raises PictureError."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise PictureError("picture-none")
    path = Path(next(iter(spec.submodule_search_locations))) / "datasets" / "images" / f"{name}.jpg"
    return open_picture(path.read_bytes())
