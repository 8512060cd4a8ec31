"""Pictures for the demo's requests, drawn here: nobody's photo, nobody's house."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from functools import cache

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw, ImageFilter

from requests.photos import Picture, prepare

SIZE = (1200, 900)
Colour = tuple[int, int, int]
Draw = ImageDraw.ImageDraw


@cache
def picture(scene: str, mended: bool = False) -> Picture:
    """A picture of the scene, before or after the work, ready to be attached."""
    image = Image.new("RGB", SIZE, (196, 200, 203))
    SCENES[scene](ImageDraw.Draw(image), mended)
    image = _grain(image.filter(ImageFilter.GaussianBlur(1.2)), scene)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return prepare([SimpleUploadedFile(f"{scene}.jpg", file.getvalue(), "image/jpeg")]).pictures[0]


def _grain(image: Image.Image, scene: str) -> Image.Image:
    """The noise of a telephone's camera, so that it does not look like a sign."""
    chance = random.Random(scene)  # noqa: S311 - the same grain every time
    small = (SIZE[0] // 3, SIZE[1] // 3)
    noise = Image.frombytes("L", small, chance.randbytes(small[0] * small[1])).resize(SIZE)
    return Image.blend(image, Image.merge("RGB", (noise, noise, noise)), 0.05)


def _room(draw: Draw, wall: Colour, floor: Colour) -> None:
    draw.rectangle((0, 0, 1200, 620), fill=wall)
    draw.polygon([(0, 620), (1200, 620), (1200, 900), (0, 900)], fill=floor)
    draw.rectangle((0, 604, 1200, 622), fill=tuple(part * 3 // 4 for part in wall))


def _street(draw: Draw) -> None:
    draw.rectangle((0, 0, 1200, 330), fill=(178, 202, 222))
    for left, colour in ((0, (205, 192, 172)), (330, (190, 178, 160)), (760, (212, 201, 184))):
        draw.rectangle((left, 90, left + 400, 560), fill=colour)
        for row in range(4):
            for column in range(4):
                x, y = left + 40 + column * 92, 130 + row * 104
                draw.rectangle((x, y, x + 52, y + 62), fill=(104, 124, 138))
    draw.polygon([(0, 560), (1200, 560), (1200, 900), (0, 900)], fill=(128, 128, 126))
    draw.polygon([(0, 560), (1200, 560), (1200, 600), (0, 600)], fill=(164, 164, 158))


def _stairs(draw: Draw, mended: bool) -> None:
    _room(draw, (198, 194, 184), (150, 148, 142))
    for step in range(7):
        y, x = 860 - step * 74, 330 + step * 66
        draw.rectangle((x, y - 74, 1200, y), fill=(172 - step * 7, 170 - step * 7, 164 - step * 7))
        draw.line((x, y - 74, 1200, y - 74), fill=(120, 118, 112), width=5)
    draw.line((300, 470, 900, -40), fill=(92, 66, 48), width=24)
    if not mended:
        draw.ellipse((180, 640, 330, 700), fill=(120, 104, 80))


def _dark_stairs(draw: Draw, mended: bool) -> None:
    _stairs(draw, mended=True)
    draw.ellipse((540, 30, 640, 90), fill=(255, 246, 200) if mended else (74, 74, 74))
    if not mended:
        shade = Image.new("L", SIZE, 205)
        light = ImageDraw.Draw(shade)
        for ring in range(12):
            light.ellipse(
                (-200 + ring * 22, 420 + ring * 22, 520 - ring * 22, 1100 - ring * 22), fill=190 - ring * 9
            )
        canvas: Image.Image = draw._image
        canvas.paste(Image.new("RGB", SIZE, (14, 15, 20)), mask=shade.filter(ImageFilter.GaussianBlur(40)))


def _puddle(draw: Draw, mended: bool) -> None:
    _room(draw, (214, 220, 216), (178, 186, 180))
    for x in range(0, 1200, 120):
        draw.line((x, 622, x * 2 - 600, 900), fill=(150, 158, 152), width=4)
    draw.ellipse((560, 690, 660, 730), fill=(80, 84, 84))
    if not mended:
        draw.ellipse((300, 650, 960, 860), fill=(122, 124, 100))
        draw.ellipse((380, 680, 860, 800), fill=(140, 142, 120))


def _leak(draw: Draw, mended: bool) -> None:
    _room(draw, (222, 218, 206), (150, 146, 140))
    draw.rectangle((540, 0, 600, 620), fill=(176, 182, 188))
    draw.rectangle((524, 250, 616, 330), fill=(70, 120, 170) if mended else (150, 96, 60))
    if not mended:
        draw.polygon([(430, 330), (720, 330), (800, 620), (360, 620)], fill=(182, 172, 146))
        draw.ellipse((360, 660, 840, 790), fill=(124, 132, 136))


def _door(draw: Draw, mended: bool) -> None:
    _street(draw)
    draw.rectangle((380, 160, 820, 760), fill=(84, 88, 94))
    if mended:
        draw.rectangle((400, 180, 800, 760), fill=(126, 132, 140))
        draw.rectangle((600, 180, 606, 760), fill=(60, 64, 70))
    else:
        draw.rectangle((400, 180, 800, 760), fill=(34, 36, 40))
        draw.polygon([(400, 180), (300, 240), (300, 840), (400, 760)], fill=(126, 132, 140))


def _heap(colours: list[Colour], top: int) -> Callable[[Draw, bool], None]:
    def paint(draw: Draw, mended: bool) -> None:
        _street(draw)
        chance = random.Random(top)  # noqa: S311
        for _ in range(0 if mended else 60):
            x, wide = chance.gauss(600, 190), chance.uniform(50, 150)
            y = chance.uniform(top, 800) + abs(x - 600) * 0.35
            shape = (x - wide / 2, y - wide * 0.35, x + wide / 2, y + wide * 0.35)
            draw.rectangle(shape, fill=chance.choice(colours), outline=(88, 84, 78))

    return paint


def _vehicles(wide: int, high: int) -> Callable[[Draw, bool], None]:
    def paint(draw: Draw, mended: bool) -> None:
        _street(draw)
        colours: list[Colour] = [(160, 44, 44), (52, 74, 110), (220, 220, 216), (60, 62, 66), (196, 160, 70)]
        for number in range(0 if mended else 1100 // (wide + 30)):
            x, y = 60 + number * (wide + 30), 610 + number % 2 * 50
            draw.rounded_rectangle((x, y, x + wide, y + high), 28, fill=colours[number % 5])
            draw.rounded_rectangle(
                (x + wide * 0.2, y - high * 0.5, x + wide * 0.75, y + 12), 20, fill=(70, 80, 90)
            )
            for wheel in (0.2, 0.8):
                at = x + wide * wheel
                draw.ellipse((at - 30, y + high - 30, at + 30, y + high + 30), fill=(34, 34, 36))

    return paint


def _plants(draw: Draw, mended: bool) -> None:
    _street(draw)
    chance = random.Random(7)  # noqa: S311
    draw.rectangle((0, 560, 1200, 760), fill=(112, 130, 78) if mended else (118, 98, 72))
    for _ in range(240):
        x, y = chance.uniform(0, 1200), chance.uniform(570, 750)
        high = 14 if mended else chance.uniform(20, 60)
        draw.ellipse((x - 12, y - high, x + 12, y), fill=(74, chance.randrange(110, 150), 60))


def _tree(draw: Draw, mended: bool) -> None:
    _street(draw)
    draw.rectangle((860, 150, 876, 780), fill=(70, 74, 80))
    draw.ellipse((800, 120, 880, 160), fill=(255, 240, 190))
    draw.rectangle((640, 420, 690, 800), fill=(96, 74, 54))
    chance = random.Random(11)  # noqa: S311
    for _ in range(30 if mended else 130):
        x, y = chance.gauss(650 if mended else 740, 100), chance.gauss(300 if mended else 210, 90)
        draw.ellipse((x - 60, y - 44, x + 60, y + 44), fill=(50, chance.randrange(96, 132), 54))


def _wires(draw: Draw, mended: bool) -> None:
    _street(draw)
    if not mended:
        draw.line((560, 130, 540, 380, 620, 560, 640, 700), fill=(30, 30, 32), width=7)
        draw.rounded_rectangle((600, 690, 700, 740), 10, fill=(236, 236, 230))
    draw.rounded_rectangle((700, 640, 960, 760), 40, fill=(60, 110, 90))
    for at in (730, 930):
        draw.ellipse((at - 46, 730, at + 46, 822), fill=(30, 30, 32))


def _wall(draw: Draw, mended: bool) -> None:
    draw.rectangle((0, 0, 1200, 900), fill=(206, 196, 178))
    for row in range(0, 900, 60):
        for column in range(-60, 1200, 120):
            x = column + row // 60 % 2 * 60
            draw.rectangle((x, row, x + 116, row + 56), outline=(182, 170, 150), width=3)
    if not mended:
        draw.polygon([(420, 220), (760, 180), (860, 420), (640, 560), (380, 470)], fill=(146, 142, 136))
        draw.line((860, 420, 1010, 720), fill=(110, 104, 96), width=6)


def _manhole(draw: Draw, mended: bool) -> None:
    draw.rectangle((0, 0, 1200, 900), fill=(126, 126, 124))
    edge = 0 if mended else 46
    draw.ellipse((330, 240, 870, 700), fill=(52, 52, 52))
    draw.ellipse((340 + edge, 240 + edge, 860 + edge, 690), fill=(96, 92, 86), outline=(70, 66, 62), width=12)
    for line in range(6):
        draw.line((430, 330 + line * 60, 780, 330 + line * 60), fill=(74, 70, 66), width=10)


def _bench(draw: Draw, mended: bool) -> None:
    _plants(draw, mended=True)
    for x in (420, 760):
        draw.rectangle((x, 300, x + 26, 780), fill=(44, 92, 150))
    lean = 0 if mended else 90
    draw.line((433, 340, 520 + lean, 760), fill=(214, 160, 40), width=22)
    draw.line((773, 340, 700 + lean, 760), fill=(214, 160, 40), width=22)
    draw.rectangle((400, 290, 820, 320), fill=(44, 92, 150))


_DEBRIS: list[Colour] = [(150, 92, 70), (186, 180, 170), (120, 112, 100), (168, 140, 104)]
_BAGS: list[Colour] = [(36, 38, 42), (60, 110, 80), (204, 204, 198), (48, 70, 110)]
_CARTONS: list[Colour] = [(186, 146, 98), (170, 130, 84), (200, 164, 120), (110, 70, 56)]


def _study(draw: Draw, mended: bool) -> None:
    """A corner of a room; mended, there is a small desk with a lamp in it."""
    _room(draw, (222, 214, 196), (170, 140, 104))
    draw.rectangle((760, 120, 1040, 420), fill=(176, 204, 226))
    draw.rectangle((894, 120, 906, 420), fill=(240, 238, 232))
    if not mended:
        return
    for x in (330, 800):
        draw.rectangle((x, 560, x + 26, 800), fill=(120, 82, 48))
    draw.rectangle((290, 530, 870, 564), fill=(150, 104, 62))
    draw.rectangle((520, 564, 800, 640), fill=(138, 94, 56))
    draw.line((390, 530, 420, 400), fill=(60, 60, 62), width=10)
    draw.polygon([(380, 400), (500, 400), (470, 340), (410, 340)], fill=(196, 64, 52))
    draw.rectangle((560, 500, 700, 530), fill=(70, 110, 160))


SCENES: dict[str, Callable[[Draw, bool], None]] = {
    "dark_stairs": _dark_stairs,
    "stairs": _stairs,
    "puddle": _puddle,
    "leak": _leak,
    "door": _door,
    "rubbish": _heap(_DEBRIS, 600),
    "bins": _heap(_BAGS, 480),
    "boxes": _heap(_CARTONS, 400),
    "cars": _vehicles(330, 120),
    "bikes": _vehicles(150, 70),
    "plot": _plants,
    "tree": _tree,
    "wires": _wires,
    "wall": _wall,
    "manhole": _manhole,
    "bench": _bench,
    "study": _study,
}
