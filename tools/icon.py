"""Draw the product's icon: two columns of tokens and the attention between them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

TARGET = Path(__file__).resolve().parent.parent / "assets" / "media" / "icon.png"
ROWS = (28, 52, 76, 100)
LINES = ((0, 0), (1, 0), (1, 1), (2, 1), (2, 3), (3, 3))
GROUND, WORD, SAME, TOKEN = (0, 34, 78), (86, 180, 233), (254, 232, 56), (255, 255, 255)


def draw() -> Image.Image:
    """The icon, 128 x 128 pixels with a transparent edge."""
    image = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((4, 4, 124, 124), 16, fill=GROUND)
    for query, key in LINES:
        pen.line((36, ROWS[query], 92, ROWS[key]), fill=SAME if query == key else WORD, width=5)
    for y in ROWS:
        for x in (34, 94):
            pen.ellipse((x - 8, y - 8, x + 8, y + 8), fill=TOKEN)
    return image


if __name__ == "__main__":
    draw().save(TARGET)
