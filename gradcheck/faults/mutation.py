"""Wrong gradients on purpose, to see whether a test of a gradient notices.

Tests that no mistake can fail are common: a gradient is compared with itself, with a tolerance that is
too wide, at a point where the mistake does not show, or for the first parameter only.
"""

import textwrap
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from gradcheck.assertion import UNHEARD, heard_by
from gradcheck.errors import UsageError
from gradcheck.faults.catalogue import AnyNetwork, Fault, NetworkFault, Plant
from gradcheck.faults.pattern import Pattern, View
from gradcheck.faults.registry import FAULTS, known
from gradcheck.gradients import read_gradient
from gradcheck.networks import ForwardPass, NetworkPass, Objective
from gradcheck.parameters import Array, Parameters

GradientFunction = Callable[[Any], Any]

VISIBLE = 1e-5  # relative error of an entry; of smaller mistakes a test may well know nothing


@dataclass(frozen=True)
class Mutant:
    """A gradient with one known mistake.

    Attributes
    ----------
    code : str
        Of `FAULTS`.
    message : str
        What was computed instead.
    gradient : callable
        ``gradient(params)``, wrong in that way.
    """

    code: str
    message: str
    gradient: GradientFunction = field(repr=False)


@dataclass(frozen=True)
class Survey:
    """What a test says of wrong gradients.

    Attributes
    ----------
    survivors : tuple of Mutant
        The wrong gradients with which it passes.
    tried : int
        How many wrong gradients it was run with.
    """

    survivors: tuple[Mutant, ...]
    tried: int

    @property
    def ok(self) -> bool:
        """Whether it notices every mistake."""
        return not self.survivors

    def __str__(self) -> str:
        caught = self.tried - len(self.survivors)
        lines = [f"the test notices {caught} of {self.tried} planted mistakes"]
        lines += [f"{mutant.code}: {mutant.message}" for mutant in self.survivors]
        return "\n".join(textwrap.fill(line, 80, subsequent_indent="  ") for line in lines)


def plant(gradient: Any, params: Any, codes: str | Collection[str] | None = None) -> Iterator[Mutant]:
    """Yield wrong gradients, each with one known mistake that shows at these parameters.

    Parameters
    ----------
    gradient : callable, or Objective
        ``gradient(params)``, which is right; or ``network.problem(x, d)`` of a network of
        `gradcheck.networks`, into whose backward pass mistakes are planted, too.
    params : nest of parameters
        Where the mistakes must change an entry by more than 1e-5 of itself.
    codes : str, or collection of str, optional
        The mistakes to plant; default all that apply.

    Yields
    ------
    Mutant

    Raises
    ------
    UsageError
        If a code is unknown, or that of no mistake that can be planted here.
    GradientInterfaceError
        If the gradient has not the nest of params.

    Examples
    --------
    >>> from gradcheck.faults import plant
    >>> {mutant.code for mutant in plant(lambda x: 2 * x, 3.0, ["NEGATED", "ZERO"])} == {"NEGATED", "ZERO"}
    True
    """
    objective = gradient if isinstance(gradient, Objective) else None
    right = objective.gradient if objective else gradient
    if not callable(right):
        raise UsageError(
            "mistakes are planted into a function",
            given=f"a {type(gradient).__name__}",
            expected="gradient(params), or network.problem(x, d)",
        )
    for fault in FAULTS.values() if codes is None else _chosen(codes, objective):
        if isinstance(fault, Pattern):
            yield from _in_parameters(fault, right, params)
        elif isinstance(fault, NetworkFault) and objective:
            yield from _in_backward_pass(fault, objective, params)


def _chosen(codes: str | Collection[str], objective: Objective | None) -> list[Fault]:
    chosen = [known(code) for code in ([codes] if isinstance(codes, str) else codes)]
    for fault in chosen:
        if isinstance(fault, NetworkFault) and not objective:
            raise UsageError(
                f"{fault.code} is a mistake in the backward pass of a network, which is not known here",
                do="give network.problem(x, d) of a network of gradcheck.networks for the gradient",
            )
        if not isinstance(fault, NetworkFault | Pattern):
            raise UsageError(f"{fault.code} says where a mistake is, not which: it cannot be planted")
    return chosen


def survivors(
    test: Callable[[GradientFunction], Any],
    gradient: Any,
    params: Any,
    codes: str | Collection[str] | None = None,
) -> Survey:
    """Run a test of a gradient with every known mistake, and return those that it does not notice.

    Parameters
    ----------
    test : callable
        ``test(gradient)`` raises, as a failing assertion does, if the gradient is wrong.
    gradient, params, codes
        As in `plant`.

    Returns
    -------
    Survey

    Raises
    ------
    UsageError
        If the test fails with the right gradient, or no mistake shows at params.
    """
    right = gradient.gradient if isinstance(gradient, Objective) else gradient
    failure = _failure(test, right)
    if failure is not None:
        raise UsageError(
            "the test fails with the right gradient",
            given=f"{type(failure).__name__}: {failure}",
            do="mend the test or the gradient first",
        ) from failure
    mutants = list(plant(gradient, params, codes))
    if not mutants:
        raise UsageError("no mistake shows at these parameters", do="take others, not zero and not all equal")
    return Survey(
        tuple(mutant for mutant in mutants if _failure(test, mutant.gradient) is None), len(mutants)
    )


def _failure(test: Callable[[GradientFunction], Any], gradient: GradientFunction) -> BaseException | None:
    """Return what the test raises; pytest's own failures are no `Exception`."""
    try:
        with heard_by(UNHEARD):
            test(gradient)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001, RUF100
        return error
    return None


def _in_parameters(fault: Pattern, right: GradientFunction, params: Any) -> Iterator[Mutant]:
    """Plant a mistake in each parameter that it can be in."""
    for number, (name, view) in enumerate(_views(right, params).items()):
        for value in fault.planted(view):
            if _shows(view.right, fault.wrong(view, value)):
                wrong = _Replaced(right, number, fault, value)
                yield Mutant(fault.code, f"the gradient of {name} {fault.words(value)}", wrong)
                break  # one value is enough


def _in_backward_pass(fault: NetworkFault, objective: Objective, params: Any) -> Iterator[Mutant]:
    """Plant a mistake in each way in which it occurs."""
    ways = list(fault.plants(cast("AnyNetwork", objective.network)))
    run = _forward(objective, params)
    if not ways or not fault.applies(run):
        return
    right = objective.gradient(params)
    for way in ways:
        wrong = way.gradient(run)
        if any(_shows(right[name], wrong[name]) for name in right):
            yield Mutant(fault.code, way.message, _Planted(objective, way))


def _forward(objective: Objective, params: Any) -> ForwardPass | NetworkPass:
    return cast("AnyNetwork", objective.network).forward(params, objective.x, objective.d)


@dataclass(frozen=True)
class _Planted:
    """The gradient of a network with a mistake in its backward pass."""

    objective: Objective
    way: Plant

    def __call__(self, params: Any) -> Any:
        """Return it."""
        return self.way.gradient(_forward(self.objective, params))


@dataclass(frozen=True)
class _Replaced:
    """A gradient that is wrong in one parameter."""

    right: GradientFunction
    number: int
    fault: Pattern
    value: Any

    def __call__(self, params: Any) -> Any:
        """Return it, as the nest of params."""
        twin = Parameters(params)
        views = list(_views(self.right, params).values())
        for number, (leaf, view) in enumerate(zip(twin.leaves, views, strict=True)):
            values = self.fault.wrong(view, self.value) if number == self.number else view.right
            leaf.set(np.asarray(values).reshape(-1))
        return twin.nest


def _views(right: GradientFunction, params: Any) -> dict[str, View]:
    leaves = Parameters(params).leaves
    arrays = read_gradient(right(params), params, leaves, "gradient(params)")
    gradients = {leaf.name: array.reshape(leaf.grid) for leaf, array in zip(leaves, arrays, strict=True)}
    return {
        leaf.name: View(
            parameter=np.array(leaf.start).reshape(leaf.grid),
            given=gradients[leaf.name],
            right=gradients[leaf.name],
            uncertainty=np.zeros(leaf.grid),
            others={name: other for name, other in gradients.items() if name != leaf.name},
            is_complex=leaf.dtype.kind == "c",
        )
        for leaf in leaves
    }


def _shows(right: Array, wrong: Array) -> bool:
    sizes = np.maximum(np.abs(right), np.abs(wrong))
    return bool(np.any(np.abs(wrong - right) > VISIBLE * sizes))
