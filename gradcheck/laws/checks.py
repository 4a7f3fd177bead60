"""Laws as tests: one for each law and implementation, for pytest or any other runner."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import SkipTest

from gradcheck.errors import UsageError
from gradcheck.laws.cases import Case, DoesNotApply
from gradcheck.laws.catalogue import LAWS, Law, LawBroken

if TYPE_CHECKING:
    import pytest

Reasons = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Check:
    """A law and an implementation; calling it checks the one on the other.

    Attributes
    ----------
    law : Law
    case : Case
    reason : str or None
        Why the law is expected to be broken; None if it is not.
    """

    law: Law
    case: Case
    reason: str | None = None

    @property
    def __name__(self) -> str:
        """Name of the implementation and name of the law: test runners ask a function for it."""
        return f"{self.case.name}-{self.law.name}"

    def __call__(self) -> None:
        """Check it; a law that has nothing to say skips the test."""
        __tracebackhide__ = True
        try:
            self.law.check(self.case)
        except DoesNotApply as why:
            raise SkipTest(f"{self.law.name}: {why}") from None


def iter_checks(
    implementations: Iterable[Case], *, expected_failures: Reasons | None = None
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield one check for each law and implementation.

    Parameters
    ----------
    implementations : iterable of NetworkCase or LayerCase
    expected_failures : mapping of str to mapping of str to str, optional
        ``{implementation: {law: reason}}``. Such a check is skipped with the reason as long as the
        law is broken, and fails once it is kept.

    Yields
    ------
    id : str
        ``implementation-law``.
    check : callable
        ``check()`` raises `LawBroken`, an AssertionError; ``unittest.SkipTest`` if the law has
        nothing to say about the implementation.

    Raises
    ------
    UsageError
        If two implementations have the same name, or an expected failure names no check.
    """
    for check in _checks(implementations, expected_failures):
        yield check.__name__, (check if check.reason is None else _Expected(check))


def parametrize_with_checks(
    implementations: Iterable[Case], *, expected_failures: Reasons | None = None
) -> "pytest.MarkDecorator":
    """Return a decorator that makes one pytest test for each law and implementation.

    Parameters
    ----------
    implementations : iterable of NetworkCase or LayerCase
    expected_failures : mapping of str to mapping of str to str, optional
        ``{implementation: {law: reason}}``: these tests are marked ``xfail``, strictly.

    Returns
    -------
    pytest.MarkDecorator
        For a test that takes ``check`` and calls it.

    Raises
    ------
    UsageError
        As `iter_checks`.

    Examples
    --------
    >>> from gradcheck import laws, parametrize_with_checks
    >>> from gradcheck.networks import LAYERS
    >>> import numpy as np
    >>> dense = LAYERS["dense"]
    >>> case = laws.LayerCase("dense", dense.layer, *dense.draw(np.random.default_rng(0)))
    >>> @parametrize_with_checks([case])
    ... def test_laws(check):
    ...     check()
    """
    import pytest

    def marks(check: Check) -> Any:
        if check.reason is None:
            return ()
        return pytest.mark.xfail(reason=check.reason, raises=LawBroken, strict=True)

    checks = _checks(implementations, expected_failures)
    return pytest.mark.parametrize("check", [pytest.param(c, id=c.__name__, marks=marks(c)) for c in checks])


@dataclass(frozen=True)
class _Expected:
    """A check that is expected to fail."""

    check: Check

    @property
    def __name__(self) -> str:
        return self.check.__name__

    def __call__(self) -> None:
        try:
            self.check()
        except LawBroken:
            raise SkipTest(f"expected: {self.check.reason}") from None
        raise AssertionError(
            f"{self.check.case.name} keeps the law {self.check.law.name!r}, which was expected to be"
            f" broken: {self.check.reason}"
        )


def _checks(implementations: Iterable[Case], expected_failures: Reasons | None) -> list[Check]:
    cases, reasons = list(implementations), expected_failures or {}
    names = [_name(case) for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(
            f"two implementations are named {twice[0]!r}",
            do="give each a name of its own: it is the test's id",
        )
    checks = [
        Check(law, case, reasons.get(case.name, {}).get(law.name))
        for case in cases
        for law in LAWS.values()
        if law.applies(case)
    ]
    expected = {(name, law) for name, own in reasons.items() for law in own}
    unknown = sorted(expected - {(check.case.name, check.law.name) for check in checks})
    if unknown:
        raise UsageError(
            "an expected failure is of no check",
            given=f"implementation {unknown[0][0]!r}, law {unknown[0][1]!r}",
            expected=f"implementations {', '.join(names)}; laws {', '.join(LAWS)}",
            do="correct the name, or leave out a law that says nothing about such an implementation",
        )
    return checks


def _name(case: Any) -> str:
    if isinstance(case, Case):
        return case.name
    raise UsageError(
        "this is no implementation with arguments to call it with",
        given=f"{case!r:.70}",
        expected="NetworkCase(name, network, params, x, d) or LayerCase(name, layer, params, x)",
        do="wrap it: from gradcheck.laws import LayerCase, NetworkCase",
    )
