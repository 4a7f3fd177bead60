"""Functions NAME_forward(x, ...) -> (out, cache) and NAME_backward(dout, cache): layers of CS231n."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from gradcheck.submissions.layers_model import Layer, LayersModel, tried
from gradcheck.submissions.models import Flat, Model, pair
from gradcheck.submissions.source import Source, Unfit, parameters

SHAPE = "layer-functions"
KIND = "layers"
FORM = "functions NAME_forward(x, ...) -> (out, cache) and NAME_backward(dout, cache) -> (dx, ...)"
NEEDS = ("*_forward|*_forward_naive", "*_backward|*_backward_naive")
USES = ("softmax_loss", "svm_loss")
VARIANTS = (None,)

_ROWS, _MAPS, _STEPS = (5, 7), (2, 3, 7, 5), (5, 4, 7)
_DENSE = (_ROWS, (7, 11), (11,))
_LABELS = np.arange(5) % 3
# Shapes of the arguments, or constants. Where there are several tuples, the first that runs is taken.
TEMPLATES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "affine": (((5, 2, 3), (6, 11), (11,)), _DENSE, ((7, 5), (11, 7), (11, 1))),
    "batchnorm": ((_ROWS, (7,), (7,), {"mode": "train"}), (_ROWS, (7,), (7,))),
    "layernorm": ((_ROWS, (7,), (7,), {}), (_ROWS, (7,), (7,))),
    "dropout": ((_ROWS, {"mode": "train", "p": 0.6, "seed": 3}),),
    "conv": ((_MAPS, (4, 3, 3, 3), (4,), {"stride": 2, "pad": 1}),),
    "max_pool": (((2, 3, 6, 4), {"pool_height": 2, "pool_width": 2, "stride": 2}),),
    "spatial_batchnorm": ((_MAPS, (3,), (3,), {"mode": "train"}),),
    "spatial_groupnorm": (((2, 6, 4, 5), (1, 6, 1, 1), (1, 6, 1, 1), 2, {}),),
    "rnn_step": ((_ROWS, (5, 11), (7, 11), (11, 11), (11,)),),
    "rnn": ((_STEPS, (5, 11), (7, 11), (11, 11), (11,)),),
    "lstm": ((_STEPS, (5, 11), (7, 44), (11, 44), (44,)),),
    "temporal_affine": ((_STEPS, (7, 11), (11,)),),
    "word_embedding": ((np.array([[0, 2, 2], [1, 0, 4]]), (5, 7)),),
    "softmax_loss": (((5, 3), _LABELS),),
    "svm_loss": (((5, 3), _LABELS),),
}
_SAME = {"affine": ("linear", "fc", "dense", "affine_relu"), "batchnorm": ("batch_norm", "batchnorm_alt"),
         "layernorm": ("layer_norm",), "rnn_step": ("rnn_cell",)}  # fmt: skip
_BY_COUNT = {1: ((_ROWS,),), 3: TEMPLATES["affine"]}


def bind(source: Source, variant: None) -> Model:
    """Return all layers of the file that are written."""
    found, left_out = {}, []
    for name, forward, backward in _layers(source):
        run = partial(_pair, forward, backward) if backward else partial(_loss, forward)
        templates = _templates(name) or _BY_COUNT.get(len(parameters(forward)), ())
        try:
            found[name] = tried([_layer(forward, run, template) for template in templates])
        except Unfit:
            left_out.append(name)
    if not found:
        raise Unfit("no layer of the file can be called", given=", ".join(left_out), expected=FORM)
    rest = f"; not checked: {', '.join(left_out)}" if left_out else ""
    return LayersModel(found, f"{', '.join(found)}{rest}")


def _layers(source: Source) -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any] | None]]:
    """Yield name, forward and backward; a loss gives both results in one, and has no backward."""
    for name in source.names([NEEDS[0]]):
        backward = name.replace("_forward", "_backward")
        if "." not in name and backward in source:
            yield name.replace("_forward", "").removesuffix("_naive"), source[name], source[backward]
    for name in source.names(USES):
        yield name, source[name], None


def _templates(name: str) -> tuple[tuple[Any, ...], ...]:
    known = next((known for known, names in _SAME.items() if name in names), name)
    return TEMPLATES.get(known, ())


def _layer(forward: Callable[..., Any], run: Callable[..., Any], template: tuple[Any, ...]) -> Layer:
    names = parameters(forward, required=False)[: len(template)]
    rng = np.random.default_rng(0)
    inputs = {n: rng.normal(size=t) for n, t in zip(names, template, strict=True) if isinstance(t, tuple)}
    return Layer(inputs, partial(run, names, template))


def _arguments(names: list[str], template: tuple[Any, ...], inputs: Flat) -> list[Any]:
    """Return all arguments; constants are copies, since layers write into them."""
    constants = (
        (name, dict(t) if isinstance(t, dict) else t) for name, t in zip(names, template, strict=True)
    )
    return [inputs.get(name, constant) for name, constant in constants]


def _pair(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    names: list[str],
    template: tuple[Any, ...],
    inputs: Flat,
) -> tuple[Any, Callable[[Any], Flat]]:
    out, cache = pair(forward(*_arguments(names, template, inputs)), forward.__name__)

    def back(dout: Any) -> Flat:
        found = backward(dout, cache)
        given = found if isinstance(found, tuple | list) else (found,)
        if len(given) != len(inputs):
            raise Unfit(
                f"{backward.__name__} returns {len(given)} gradients",
                expected=f"{len(inputs)}: those of {', '.join(inputs)}",
            )
        return dict(zip(inputs, given, strict=True))

    return out, back


def _loss(
    function: Callable[..., Any], names: list[str], template: tuple[Any, ...], inputs: Flat
) -> tuple[Any, Callable[[Any], Flat]]:
    loss, dx = pair(function(*_arguments(names, template, inputs)), function.__name__)
    return loss, lambda dout: {names[0]: dout * dx}
