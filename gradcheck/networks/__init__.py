"""The analytic side: reference networks with hand-written backward passes and visible deltas."""

from gradcheck.networks.activations import ACTIVATIONS, Activation
from gradcheck.networks.dense import DenseNetwork
from gradcheck.networks.layers import LAYERS, Layer
from gradcheck.networks.losses import LOSSES, Loss
from gradcheck.networks.network import Network, NetworkPass, NetworkTrace
from gradcheck.networks.objective import Objective
from gradcheck.networks.penalties import PENALTIES, Penalty
from gradcheck.networks.steps import RIGHT, ForwardPass, Steps, Trace

__all__ = [
    "ACTIVATIONS",
    "LAYERS",
    "LOSSES",
    "PENALTIES",
    "RIGHT",
    "Activation",
    "DenseNetwork",
    "ForwardPass",
    "Layer",
    "Loss",
    "Network",
    "NetworkPass",
    "NetworkTrace",
    "Objective",
    "Penalty",
    "Steps",
    "Trace",
]
