"""Mistakes about which samples count; with one sample they cannot be seen."""

from collections.abc import Callable

import numpy as np

from gradcheck.faults.catalogue import NetworkFault, everywhere
from gradcheck.networks import RIGHT, ForwardPass
from gradcheck.networks.arrays import Array


def _keeping(samples: slice) -> Callable[[ForwardPass], Array]:
    def loss_gradient(run: ForwardPass) -> Array:
        dy = RIGHT.loss_gradient(run)
        kept = np.zeros_like(dy)
        kept[samples] = dy[samples]
        return kept

    return loss_gradient


def _fault(code: str, which: str, samples: slice, hint: str) -> NetworkFault:
    return NetworkFault(
        code,
        name=f"the gradient of {which} of the batch",
        formula=f"dE/dy of {which}, 0 for the others",
        leaves_right="all with one sample",
        hint=hint,
        frequency="common" if code == "LAST_SAMPLE" else "occasional",
        plants=everywhere(
            "loss_gradient",
            _keeping(samples),
            f"the gradient is that of {which} of the batch, where all samples add up",
        ),
    )


FAMILY = (
    _fault(
        "LAST_SAMPLE",
        "the last sample",
        slice(-1, None),
        "Give a batch of 2 whose first sample is zero. What do you expect?",
    ),
    _fault("FIRST_SAMPLE", "the first sample", slice(0, 1), "Do all samples count? Try a batch of 2."),
    _fault("DROP_LAST", "all samples but the last", slice(0, -1), "Do all samples count? Try a batch of 1."),
    _fault(
        "DROP_FIRST", "all samples but the first", slice(1, None), "Do all samples count? Try a batch of 1."
    ),
)
