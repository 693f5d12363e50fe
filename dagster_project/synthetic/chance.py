"""Chance without state: the same row, purpose and seed always give the same number, in any order.

Belongs here: hashing of integers to uniform and normal numbers (splitmix64), vectorised.
Does not belong here: what the numbers are used for.

No generator of numpy is used: a counter-based hash needs no draw order, so any date and any row
can be asked for directly, and it gives the same bits with every numpy.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
_SEED = 20260114
_GOLDEN = 0x9E3779B97F4A7C15
_WORD = 0xFFFFFFFFFFFFFFFF


def bits(rows: Integers, purpose: str, extra: int = 0) -> NDArray[np.uint64]:
    """64 well-mixed bits for each row."""
    salt = (zlib.crc32(purpose.encode()) * 0xBF58476D1CE4E5B9 + extra * 0xD1B54A32D192ED03 + _SEED) & _WORD
    x = np.asarray(rows).astype(np.uint64) * np.uint64(_GOLDEN)
    x += np.uint64(salt)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def uniform(rows: Integers, purpose: str, extra: int = 0) -> Floats:
    """Numbers in [0, 1)."""
    return (bits(rows, purpose, extra) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(rows: Integers, purpose: str, extra: int = 0) -> Floats:
    """Standard normal numbers."""
    radius = np.sqrt(-2 * np.log1p(-uniform(rows, purpose + ".radius", extra)))
    angle = np.cos(2 * np.pi * uniform(rows, purpose + ".angle", extra))
    return np.asarray(radius * angle)
