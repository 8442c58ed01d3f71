"""Pictures of charts, as PNG, drawn by the package that also brings the page's charting library."""

from __future__ import annotations

import importlib
import logging
import struct
import zlib
from collections.abc import Iterator
from typing import Any

logger = logging.getLogger(__name__)
SCALES = (1.5, 1.0)  # pixels per point; the sharper picture is taken when it is small enough
LARGEST = 60_000  # bytes
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def draw(picture: dict[str, Any]) -> bytes | None:
    """Return a Vega-Lite picture as PNG; None, and a line in the log, when it cannot be drawn. Uses no network."""
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
        # The library is not Python: its failures need not be an Exception. A message goes out without its chart.
        logger.warning("a chart could not be drawn (%s); the message goes without it", type(error).__name__)
        return None


def smaller(png: bytes) -> bytes:
    """Return the same picture in about a fourth of the bytes: the library compresses for speed.

    Format: https://www.w3.org/TR/png-3/#5DataRep
    """
    parts = list(_chunks(png))
    compressed = b"".join(data for kind, data in parts if kind == b"IDAT")
    pixels = zlib.compress(zlib.decompress(compressed), 9)
    first = next(index for index, (kind, _) in enumerate(parts) if kind == b"IDAT")
    others = [(kind, data) for kind, data in parts if kind != b"IDAT"]
    rewritten = [*others[:first], (b"IDAT", pixels), *others[first:]]
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in rewritten)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = len(_SIGNATURE)
    while offset < len(png):
        (length,) = struct.unpack(">I", png[offset : offset + 4])
        yield png[offset + 4 : offset + 8], png[offset + 8 : offset + 8 + length]
        offset += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
