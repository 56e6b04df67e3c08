"""Any file as a picture, any text as its caption: plain, or refused in words. A tiny CLIP from a folder."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from encoders import save_clip
from PIL import Image

from explainers.alignment import clip, own, pictures
from explainers.alignment.captions import CaptionError
from explainers.alignment.contrastive import BatchError
from explainers.alignment.pictures import PictureError
from explainers.models import ModelSource, ModelUnavailableError


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of a few bytes whose head promises side x side pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"<svg onload=alert(1)>", bytes(5000)])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError) as refused:
        pictures.open_picture(data)
    assert refused.value.code == "picture-none"


def test_a_damaged_picture_is_refused() -> None:
    whole = saved(Image.effect_noise((200, 200), 80), "PNG")
    with pytest.raises(PictureError) as refused:
        pictures.open_picture(whole[: len(whole) // 3])
    assert refused.value.code == "picture-none"


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_hundred_megapixels_and_a_bomb_are_refused_before_they_are_unpacked(side: int) -> None:
    with pytest.raises(PictureError) as refused:
        pictures.open_picture(bomb(side))
    assert refused.value.code == "picture-pixels" and refused.value.details["most"] == "50"


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    found = pictures.open_picture(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert found.done == ("first_frame",) and found.pixels[15, 20].tolist() == [255, 0, 0]


def test_a_transparent_ground_becomes_white() -> None:
    image = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 10, 20))
    found = pictures.open_picture(saved(image, "PNG"))
    assert found.done == ("alpha",)
    assert found.pixels[10, 15].tolist() == [255, 255, 255] and found.pixels[10, 4].tolist() == [0, 0, 255]


def test_a_picture_is_turned_as_its_exif_data_say() -> None:
    image = Image.new("RGB", (60, 40), "white")
    image.paste((0, 0, 0), (0, 0, 60, 20))
    exif = Image.Exif()
    exif[274] = 6  # to be turned a quarter to the right
    found = pictures.open_picture(saved(image, "JPEG", exif=exif, quality=95))
    assert found.done == ("turned",) and found.pixels.shape == (60, 40, 3)
    assert found.pixels[30, 35].max() < 40 < 200 < found.pixels[30, 5].min()


def test_a_large_picture_is_made_small_and_grey_becomes_rgb() -> None:
    found = pictures.open_picture(saved(Image.new("L", (3000, 2000), 90), "JPEG"))
    assert found.pixels.shape == (341, 512, 3) and found.done == ()
    assert pictures.squared(found, 48).shape == (48, 48, 3)


@pytest.mark.parametrize("name", ["china", "flower"])
def test_the_photographs_are_there(name: pictures.Shipped) -> None:
    assert pictures.shipped(name).pixels.shape == (342, 512, 3)


FLOWER = "one large pink flower in the middle"


def test_own_pairs_in_the_small_encoder_name_unknown_words() -> None:
    shown = [pictures.shipped("china"), pictures.shipped("flower")]
    found = own.embed(shown, ["a red temple", FLOWER])
    assert found.unknown == ("temple", "flower") and found.cut == ()
    assert found.batch.cosines.shape == (2, 2)
    with pytest.raises(CaptionError):
        own.embed(shown, ["a temple", FLOWER])


def test_a_batch_of_one_works_and_uneven_or_empty_ones_are_refused() -> None:
    one = [pictures.shipped("flower")]
    assert own.embed(one, [FLOWER]).batch.cosines.shape == (1, 1)
    for shown, texts, code in (
        ([], [], "empty"),
        (one, [], "empty"),
        (one, [FLOWER] * 2, "uneven"),
        (one * 65, ["red"] * 65, "many"),
    ):
        with pytest.raises(BatchError) as refused:
            own.embed(shown, texts)
        assert refused.value.code == f"alignment-batch-{code}"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


def test_a_clip_gives_what_transformers_gives(tiny: Path) -> None:
    import torch
    import transformers

    shown = [pictures.shipped("china"), pictures.shipped("flower")]
    texts = ["a red flower", "pink flower"]
    found = clip.embed(ModelSource("folder", str(tiny)), shown, texts)
    model = transformers.CLIPModel.from_pretrained(tiny).eval()
    processor = transformers.CLIPImageProcessorPil.from_pretrained(tiny)
    pixels = processor([Image.fromarray(one.pixels) for one in shown], return_tensors="pt")["pixel_values"]
    loaded = clip.load_clip(ModelSource("folder", str(tiny)))
    mine = np.stack([clip.prepare(one, 32, loaded.mean, loaded.deviation) for one in shown])
    np.testing.assert_allclose(mine, pixels.numpy(), atol=1e-5)
    tokens = transformers.AutoTokenizer.from_pretrained(tiny)(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        out = model(pixel_values=pixels, input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
    np.testing.assert_allclose(found.cosines * found.scale, out.logits_per_image.numpy(), atol=1e-3)
    np.testing.assert_allclose(out.logits_per_text.numpy(), out.logits_per_image.numpy().T)


def test_a_folder_that_holds_no_clip_is_refused(tmp_path: Path, tiny: Path) -> None:
    def code(folder: Path) -> str:
        with pytest.raises(ModelUnavailableError) as refused:
            clip.load_clip(ModelSource("folder", str(folder)))
        return refused.value.code

    assert code(tmp_path / "nothing") == "folder-missing"
    assert code(tmp_path) == "file-missing"
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    assert code(tmp_path) == "pickle-refused"
    (tmp_path / "model.safetensors").write_bytes(b"broken")
    assert code(tmp_path) == "architecture"
    (tmp_path / "config.json").write_text((tiny / "config.json").read_text())
    assert code(tmp_path) == "unreadable"
