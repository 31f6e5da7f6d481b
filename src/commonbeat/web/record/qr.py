"""An address as a picture to photograph."""

import io

import qrcode
from django.utils.safestring import mark_safe
from qrcode.image.svg import SvgPathImage


def qr(address: str):
    """An address as an SVG picture, inline."""
    out = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, box_size=12).save(out)
    text = out.getvalue().decode()
    return mark_safe(text[text.index("<svg") :].replace("<svg", '<svg class="qr" role="img" aria-label="QR"', 1))
