"""Frames between gradcheck and a submission's process: a JSON header and the raw bytes of arrays.

A frame is two lengths (unsigned, 32 bit, little-endian), the header and the body. Both sides
treat what they read as a claim: lengths are capped, types are on a list, nothing is ever
unpickled, and what cannot travel arrives as an `Opaque` that only says what it was.

This module imports nothing of gradcheck, since the submission's process loads it.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_HEADER = 1 << 20
MAX_BODY = 1 << 26
MAX_DEPTH = 12
KINDS = "biufc"
_LENGTHS = struct.Struct("<II")


class WireError(Exception):
    """Bytes that are not a frame, or a value too large to be one."""


@dataclass(frozen=True)
class Opaque:
    """What is left of a value that does not travel: the name of its type."""

    type: str


@dataclass(frozen=True)
class Ref:
    """A value that already is on the other side.

    Attributes
    ----------
    path : tuple of str or int
        First the name of a global, or the number of a call in the same request; then the
        items to take from it.
    """

    path: tuple[str | int, ...]


@dataclass(frozen=True, eq=False)
class Rows:
    """What stands at one place of many equal nests.

    Attributes
    ----------
    array : ndarray, shape (count, ...)
    are_numbers : bool
        Whether a row is a Python float, not an array.
    """

    array: np.ndarray[Any, Any]
    are_numbers: bool


def pack(value: Any) -> bytes:
    """Return the frame of a value.

    Parameters
    ----------
    value : nest
        Of dict with str keys, list, tuple, str, int, float, bool, None, ndarray, `Ref`, `Rows`;
        anything else becomes an `Opaque`.

    Returns
    -------
    bytes

    Raises
    ------
    WireError
        If it is larger than a frame may be.
    """
    chunks: list[bytes] = []
    header = json.dumps(_encode(value, chunks, 0), separators=(",", ":")).encode()
    body = b"".join(chunks)
    if len(header) > MAX_HEADER or len(body) > MAX_BODY:
        raise WireError(f"a value of {len(header) + len(body)} bytes is too large")
    return _LENGTHS.pack(len(header), len(body)) + header + body


def read(take: Callable[[int], bytes]) -> Any:
    """Read one frame.

    Parameters
    ----------
    take : callable
        ``take(n)`` returns exactly n bytes, or raises.

    Returns
    -------
    nest
        What was packed; arrays are fresh and writeable.

    Raises
    ------
    WireError
        If the bytes are not a frame.
    """
    header_length, body_length = _LENGTHS.unpack(take(_LENGTHS.size))
    if header_length > MAX_HEADER or body_length > MAX_BODY:
        raise WireError("a frame claims to be longer than any may be")
    header, body = take(header_length), take(body_length)
    try:
        return _decode(json.loads(header), body)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise WireError(f"a frame does not hold what it must: {error}") from error


def _encode(value: Any, chunks: list[bytes], depth: int) -> Any:
    if depth > MAX_DEPTH:
        return {"$opaque": "a nest that is too deep"}
    if value is None or isinstance(value, str | bool | float) or _is_small_int(value):
        return float(value) if isinstance(value, np.floating) else value
    if type(value) is list or type(value) is tuple:
        items = [_encode(item, chunks, depth + 1) for item in value]
        return items if type(value) is list else {"$tuple": items}
    if isinstance(value, dict) and all(type(key) is str for key in value):
        return {"$dict": {key: _encode(item, chunks, depth + 1) for key, item in value.items()}}
    if isinstance(value, Ref):
        return {"$ref": list(value.path)}
    if isinstance(value, Rows):
        return {"$rows": [_encode_array(value.array, chunks), value.are_numbers]}
    if type(value) is np.ndarray or isinstance(value, np.generic | complex):
        return _encode_array(np.asarray(value), chunks)
    return {"$opaque": value.type if isinstance(value, Opaque) else type(value).__name__}


def _is_small_int(value: Any) -> bool:
    return isinstance(value, int) and abs(value) < 1 << 64


def _encode_array(array: np.ndarray[Any, Any], chunks: list[bytes]) -> Any:
    if array.dtype.kind not in KINDS:
        return {"$opaque": f"array of {array.dtype.name}"}
    plain = array.astype(array.dtype.newbyteorder("<"), copy=False)
    chunks.append(plain.tobytes())
    return {"$array": [plain.dtype.str, list(plain.shape), sum(map(len, chunks[:-1]))]}


def _decode(value: Any, body: bytes) -> Any:
    if isinstance(value, list):
        return [_decode(item, body) for item in value]
    if not isinstance(value, dict):
        return value
    [(tag, content)] = value.items()
    match tag:
        case "$dict":
            return {str(key): _decode(item, body) for key, item in content.items()}
        case "$tuple":
            return tuple(_decode(item, body) for item in content)
        case "$array":
            return _decode_array(content, body)
        case "$ref":
            return Ref(tuple(content))
        case "$rows":
            array = _decode(content[0], body)
            if not isinstance(array, np.ndarray) or not array.ndim:
                raise ValueError(f"rows {content!r}")
            return Rows(array, bool(content[1]))
        case "$opaque":
            return Opaque(str(content))
        case _:
            raise ValueError(f"tag {tag!r}")


def _decode_array(content: Any, body: bytes) -> np.ndarray[Any, Any]:
    code, shape, offset = content
    dtype = np.dtype(code)
    if dtype.kind not in KINDS or min([0, offset, *shape]) < 0:
        raise ValueError(f"array {content!r}")
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else dtype.itemsize
    raw = body[offset : offset + size]
    return np.frombuffer(raw, dtype).reshape(shape).copy()
