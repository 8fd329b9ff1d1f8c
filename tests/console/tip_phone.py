"""A phone of the public, without a browser; photos that are none, or more than one thing."""

import io
import secrets
import struct
import zlib
from typing import Any

import pillow_heif
from PIL import Image
from starlette.testclient import TestClient

from console.tips.limits import proves
from core.clock import Clock, iso

TIP = "/api/v1/tip"
PLACE = {"lon": 120.6128, "lat": 30.4618}


def token() -> str:
    return secrets.token_hex(16)


def proof(client: TestClient) -> dict[str, str]:
    """A challenge with its answer."""
    given = client.post(f"{TIP}/challenge").json()
    bits, challenge = given["bits"], given["challenge"]
    answer = next(str(n) for n in range(1 << 26) if proves(challenge, str(n), bits))
    return {"challenge": challenge, "answer": answer}


def body(clock: Clock, name: str, **more: Any) -> dict[str, Any]:
    now = iso(clock.utc_ns())
    return {
        "token": name, "challenge": "x", "answer": "0", "kind": "fishing", **PLACE,
        "accuracy_m": 12, "placed": "phone", "words": "有人电鱼", "happened": now, "sent": now,
        "photos": 2, **more,
    }  # fmt: skip


def send(client: TestClient, clock: Clock, name: str, **more: Any) -> Any:
    return client.post(TIP, json={**body(clock, name), **proof(client), **more})


def photo(client: TestClient, name: str, number: int, content: bytes) -> Any:
    return client.put(f"{TIP}/photos/{number}", content=content, headers={"x-tip-token": name})


def picture(size: tuple[int, int] = (320, 240), kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(out, kind, **more)
    return out.getvalue()


def of_other_types() -> list[bytes]:
    """What phones and programs make beside plain JPEG."""
    out = io.BytesIO()
    two = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue")]
    two[0].save(out, "MPO", save_all=True, append_images=two[1:])
    found = [out.getvalue()]
    for mode, kind in (("RGBA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("1", "PNG"),
                       ("RGBA", "WEBP"), ("CMYK", "JPEG"), ("L", "JPEG")):  # fmt: skip
        out = io.BytesIO()
        Image.new(mode, (64, 48)).save(out, kind)
        found.append(out.getvalue())
    return [*found, heic((64, 48))]


def heic(size: tuple[int, int], exif: bytes | None = None) -> bytes:
    """A photo as phones make them that save room."""
    out = io.BytesIO()
    picture = pillow_heif.from_pillow(Image.linear_gradient("L").convert("RGB").resize(size))
    picture.save(out, exif=exif)
    return out.getvalue()


def claiming(content: bytes, width: int, height: int) -> bytes:
    """A HEIC with another size in its head (``ispe``, ISO/IEC 23008-12, 6.5.3) than it has."""
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack("!II", width, height) + content[at + 8 :]


def located() -> bytes:
    """A photo whose EXIF tells when and where it was taken, and by what."""
    exif = Image.Exif()
    exif[0x010F] = "SecretMaker"
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:11:22 09:30:05"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (30.0, 27.0, 42.48)
    gps[3], gps[4] = "E", (120.0, 36.0, 46.08)
    return picture(exif=exif, comment=b"secret comment")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(
        ">I", zlib.crc32(name + content)
    )  # fmt: skip


def bomb(width: int, height: int, *, whole: bool = False) -> bytes:
    """A PNG that says it is enormous; whole: and it is, in a few kilobytes."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = b"\0" * ((width * 3 + 1) * height) if whole else b""
    data = _chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + head + data + _chunk(b"IEND", b"")


SCRIPT = b"<script>alert(1)</script>"
HOSTILE = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": b"<!doctype html>" + SCRIPT,
    "zip": b"PK\x03\x04" + b"\0" * 60,
    "gif": b"GIF89a\x01\0\x01\0\0\0\0;",
    "pdf": b"%PDF-1.7\n",
    "empty": b"",
    "only a head": b"\xff\xd8\xff",
    "truncated": picture((900, 700))[:3000],
    "jpeg of noise": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40,
    "png of noise": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
    "webp of noise": b"RIFF\xff\xff\0\0WEBPVP8 " + bytes(range(256)) * 40,
    "zip behind a jpeg's head": b"\xff\xd8\xff\xe0" + b"PK\x03\x04" + b"\0" * 600,
    "heic of noise": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(256)) * 40,
    "truncated heic": heic((900, 700))[:-100],
    "heic, enormous by its word": claiming(heic((64, 48)), 60_000, 60_000),
    "heic, larger than its word": claiming(heic((1600, 1200)), 64, 48),
    "film": b"\0\0\0\x18ftypmp42" + bytes(60),
    "enormous by its word": bomb(60_000, 60_000),
    "enormous in truth": bomb(20_000, 5_000, whole=False),
}
