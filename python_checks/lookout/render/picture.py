"""Pictures of charts, as PNG, drawn by the package that also brings the page's charting library."""

from __future__ import annotations

import importlib
import logging
import struct
import zlib
from collections.abc import Iterator
from typing import Any

logger = logging.getLogger(__name__)
SCALES = (1.5, 1.0)  # dots for each point: sharper where that fits
LARGEST = 60_000  # bytes
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def draw(picture: dict[str, Any]) -> bytes | None:
    """A Vega-Lite picture as PNG; None, and a line in the log, when it cannot be drawn. Asks nothing of any network."""
    try:
        vl_convert: Any = importlib.import_module("vl_convert")
        for scale in SCALES:
            png = smaller(vl_convert.vegalite_to_png(picture, scale=scale, allowed_base_urls=[]))
            if len(png) <= LARGEST:
                return png
        raise ValueError(f"it has {len(png):,} bytes")
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001
        # The library is not Python: what goes wrong in it need not be an Exception. A chart is no reason to fail.
        logger.warning("a chart could not be drawn (%s); the message goes without it", type(error).__name__)
        return None


def smaller(png: bytes) -> bytes:
    """The same picture in a fourth of the bytes: the library compresses for speed.

    Format: https://www.w3.org/TR/png-3/#5DataRep
    """
    parts = list(_chunks(png))
    pixels = zlib.compress(zlib.decompress(b"".join(data for kind, data in parts if kind == b"IDAT")), 9)
    first = next(at for at, (kind, _) in enumerate(parts) if kind == b"IDAT")
    others = [(kind, data) for kind, data in parts if kind != b"IDAT"]
    return _SIGNATURE + b"".join(_chunk(*part) for part in (*others[:first], (b"IDAT", pixels), *others[first:]))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
