"""Sliding windows over images, and the way back; convolution and pooling share them."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradcheck.errors import UsageError
from gradcheck.networks.arrays import Array


def windows(x: Array, size: int, stride: int) -> Array:
    """Return all windows of an image.

    Parameters
    ----------
    x : ndarray, shape (N, C, H, W)
    size : int
        Rows and columns of a window.
    stride : int
        Distance between neighbouring windows; what is left over at the end belongs to none.

    Returns
    -------
    ndarray, shape (N, C, rows, columns, size, size)
        A read-only view.

    Raises
    ------
    UsageError
        If no window fits.
    """
    if min(x.shape[2:]) < size:
        raise UsageError("no window fits", given=f"image {x.shape[2:]}, window {(size, size)}")
    return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def spread(dwindows: Array, shape: tuple[int, ...], stride: int) -> Array:
    """Return dE/dx from dE/dwindows: what lies in several windows gets the sum.

    Parameters
    ----------
    dwindows : ndarray, shape (N, C, rows, columns, size, size)
    shape : tuple of int
        Of x, (N, C, H, W).
    stride : int

    Returns
    -------
    ndarray, shape (N, C, H, W)
    """
    dx = np.zeros(shape, dwindows.dtype)
    rows, columns, size = dwindows.shape[2:5]
    for i in range(size):
        for j in range(size):
            dx[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride] += dwindows[..., i, j]
    return dx
