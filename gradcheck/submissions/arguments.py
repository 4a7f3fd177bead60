"""Which value belongs to which parameter of a submission's functions: by name, then by place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradcheck.errors import SubmissionError
from gradcheck.submissions.loading import Signature

_ROLES = {
    "network": ("network", "net", "params", "parameters", "model"),
    "x": ("x", "x_data", "inputs", "input"),
    "d": ("d", "t", "target", "targets", "label", "labels"),
}
_OUTPUT = ("y", "y_pred", "y_hat", "out", "output")


@dataclass(frozen=True)
class Calling:
    """How forward and backward are called.

    Attributes
    ----------
    forward : tuple of str
        ``"network"`` and ``"x"`` in the order of its parameters.
    backward : tuple of str or int
        ``"network"``, ``"x"``, ``"d"``, or which of the values that forward returned.
    output : int
        Which of the values that forward returned is the output y.
    """

    forward: tuple[str, ...]
    backward: tuple[str | int, ...]
    output: int


def match_arguments(functions: Mapping[str, Signature], sizes: Sequence[int], outputs: int) -> Calling:
    """Find out what each parameter of forward and backward takes.

    Parameters
    ----------
    functions : mapping of str to Signature
        With ``forward`` and ``backward``.
    sizes : sequence of int
        Numbers of entries of the values that forward returned.
    outputs : int
        Number of entries that the output y must have.

    Returns
    -------
    Calling

    Raises
    ------
    SubmissionError
        If a parameter cannot be told.
    """
    forward, backward = functions["forward"], functions["backward"]
    output = _output(forward, sizes, outputs)
    roles: list[str | int | None] = [_role(name) for name in backward.parameters]
    if not {"x", "d"} & set(roles) and len(roles) == 2 + len(sizes):
        roles[:2] = ["x", "d"]
    open_places = [i for i, role in enumerate(roles) if role is None]
    names = [backward.parameters[i] for i in open_places]
    items = _items([name.lower() for name in names], forward, len(sizes), output)
    if items is None or "d" not in roles:
        raise SubmissionError(
            "interface",
            "backward cannot be called: it is not clear what its parameters take",
            given=f"backward({', '.join(backward.parameters)}), line {backward.line}",
            expected=f"x, d and the {len(sizes)} values that forward returns, as in backward(x, d, z1, y)",
        )
    for place, item in zip(open_places, items, strict=True):
        roles[place] = item
    return Calling(forward_roles(forward), tuple(role for role in roles if role is not None), output)


def forward_roles(forward: Signature) -> tuple[str, ...]:
    """Return what forward's parameters take, ``"network"`` and ``"x"``.

    Parameters
    ----------
    forward : Signature

    Returns
    -------
    tuple of str

    Raises
    ------
    SubmissionError
        If it takes anything else.
    """
    names = forward.parameters
    roles = tuple(_role(name) for name in names)
    if set(roles) in ({"x"}, {"network", "x"}) and len(set(roles)) == len(roles):
        return tuple(role for role in roles if role is not None)
    if len(names) in (1, 2) and "d" not in roles:
        return ("network", "x")[-len(names) :]
    raise SubmissionError(
        "interface",
        "forward cannot be called: it is not clear what its parameters take",
        given=f"forward({', '.join(names)}), line {forward.line}",
        expected="forward(network, x)",
    )


def _role(name: str) -> str | None:
    return next((role for role, names in _ROLES.items() if name.lower() in names), None)


def _output(forward: Signature, sizes: Sequence[int], outputs: int) -> int:
    fitting = [i for i, size in enumerate(sizes) if size == outputs]
    if not fitting:
        raise SubmissionError(
            "interface",
            "forward returns no output of the size that W2 gives",
            given=f"{len(sizes)} values of {', '.join(map(str, sizes))} entries",
            expected=f"one of {outputs}",
        )
    named = [i for i, name in enumerate(forward.returns) if name and name.lower() in _OUTPUT]
    return next((i for i in named if i in fitting), fitting[-1])


def _items(names: list[str], forward: Signature, count: int, output: int) -> list[int] | None:
    """Return which value of forward each of the names takes; None if there are too few."""
    returned = [name.lower() if name else None for name in forward.returns]
    if len(returned) == count and all(name in returned for name in names):
        return [returned.index(name) for name in names]
    rest = [i for i in range(count) if i != output]
    if not any(name in _OUTPUT for name in names):
        rest = list(range(count))
    if len(names) > len(rest) + any(name in _OUTPUT for name in names):
        return None
    return [output if name in _OUTPUT else rest.pop(0) for name in names]
