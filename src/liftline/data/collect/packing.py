"""Unpacking bodies, within bounds of size and work."""

from __future__ import annotations

import zlib
from typing import Final

from liftline.data.collect.contracts import (
    Limits,
    TooLargeError,
    UnknownEncodingError,
    UnreadableError,
)

GZIP_WINDOW: Final = 31
ZSTD_WINDOW_BYTES: Final = 8 << 20
MAX_GZIP_MEMBERS: Final = 64
"""A client writes one; log shippers glue a few together. Empty ones cost work and hold nothing."""
PIECE_BYTES: Final = 64 << 10


def unpack(body: bytes, content_encoding: bytes, limits: Limits) -> bytes:
    """The body, unpacked within the bound. Raises TooLargeError, UnreadableError."""
    packing = content_encoding.decode("latin-1").strip().lower()
    if packing in ("", "identity"):
        return body
    if packing == "gzip":
        unpacked = _gunzip(body, limits.unpacked_bytes)
    elif packing == "zstd":
        unpacked = _unzstd(body, limits.unpacked_bytes)
    else:
        raise UnknownEncodingError(
            "unknown_encoding",
            f"the body's Content-Encoding is {packing[:40]!r}",
            "send it plain, or packed with gzip or zstd",
        )
    if len(unpacked) > limits.unpacked_bytes:
        raise TooLargeError(
            "body_too_large",
            f"the body unpacks to more than {limits.unpacked_bytes} bytes",
            "send fewer events in one body",
        )
    return unpacked


def _gunzip(body: bytes, limit: int) -> bytes:
    """Read in pieces: what a member leaves over is copied, and must never be the whole rest."""
    parts: list[bytes] = []
    size_bytes = at = members = 0
    view = memoryview(body)
    while at < len(body) and size_bytes <= limit:
        members += 1
        if members > MAX_GZIP_MEMBERS:
            raise _badly_packed("gzip", f"it has more than {MAX_GZIP_MEMBERS} members")
        member = zlib.decompressobj(GZIP_WINDOW)
        while at < len(body) and not member.eof and size_bytes <= limit:
            piece = view[at : at + PIECE_BYTES]
            try:
                parts.append(member.decompress(piece, limit + 1 - size_bytes))
            except zlib.error as error:
                raise _badly_packed("gzip", str(error)) from None
            size_bytes += len(parts[-1])
            at += len(piece) - len(member.unused_data)
        if not member.eof and size_bytes <= limit:
            raise _badly_packed("gzip", "it ends too early")
    return b"".join(parts)


def _unzstd(body: bytes, limit: int) -> bytes:
    import zstandard  # noqa: PLC0415  megabytes of memory that few senders ever need

    unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
    try:
        with unpacker.stream_reader(body) as reader:
            return bytes(reader.read(limit + 1))
    except zstandard.ZstdError as error:
        raise _badly_packed("zstd", str(error)) from None


def _badly_packed(packing: str, reason: str) -> UnreadableError:
    return UnreadableError(
        "badly_packed",
        f"the body cannot be unpacked as {packing}: {reason}",
        f"pack the whole body with {packing}, or leave Content-Encoding out",
    )
