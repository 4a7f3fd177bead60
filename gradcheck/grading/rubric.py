"""What the parts of a submission are worth: a TOML file, or the defaults below."""

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from gradcheck.errors import UsageError


@dataclass(frozen=True)
class GradingLaw:
    """Something that a right submission does beside returning right numbers.

    Attributes
    ----------
    flag : str
        What `verify` calls it where a submission does not.
    statement, broken : str
        The law; what a submission that breaks it does.
    """

    flag: str
    statement: str
    broken: str


# By the names that `gradcheck.laws` uses, so far as it has them.
LAWS: dict[str, GradingLaw] = {
    "arguments_unchanged": GradingLaw(
        "mutates",
        "neither pass writes to its arguments",
        "it changes the parameters or the data that it is given",
    ),
    "equal_calls": GradingLaw(
        "nondeterministic", "equal calls give equal results", "equal calls give different results"
    ),
    "no_accumulation": GradingLaw(
        "accumulates", "a call leaves nothing behind", "the gradient of one call is added to the next"
    ),
    "reuse": GradingLaw(
        "numeric",
        "the gradient is computed by a backward pass",
        "the gradient looks like numeric differences of forward, not like a backward pass",
    ),
    "forward": GradingLaw(
        "forward-differs",
        "forward computes the network that was asked for",
        "forward computes something else than what was asked for",
    ),
}


@dataclass(frozen=True)
class Rubric:
    """The weights.

    Attributes
    ----------
    points : float
        Of a submission that is right in everything.
    inconclusive : float
        Share of a parameter's points, 0 to 1, where it was neither confirmed nor refuted.
    charge_once : bool
        Whether a known mistake that explains several wrong parameters costs the points of one.
    parts : dict of str to float
        Weights of ``"gradient"`` and ``"laws"``.
    parameters, laws : dict of str to float
        Weights within these parts, of parameters by name or pattern; what is not named weighs 1.
    """

    points: float = 100.0
    inconclusive: float = 0.0
    charge_once: bool = False
    parts: dict[str, float] = field(default_factory=lambda: {"gradient": 80.0, "laws": 20.0})
    parameters: dict[str, float] = field(default_factory=dict)
    laws: dict[str, float] = field(default_factory=dict)

    def weight(self, parameter: str) -> float:
        """Return the weight of a parameter: of its own name, else of the first pattern that fits."""
        fitting = (weight for name, weight in self.parameters.items() if fnmatchcase(parameter, name))
        return self.parameters.get(parameter, next(fitting, 1.0))

    def unknown(self, parameters: set[str]) -> list[str]:
        """Return which names of the rubric fit none of the parameters."""
        return [name for name in self.parameters if not any(fnmatchcase(p, name) for p in parameters)]


def load(path: Path) -> Rubric:
    """Read a rubric.

    Parameters
    ----------
    path : Path
        Of a TOML file with any of the fields of `Rubric`.

    Returns
    -------
    Rubric

    Raises
    ------
    UsageError
        If it cannot be read, names something unknown, or has a weight that is no number >= 0.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the rubric {str(path)!r} cannot be read", given=error.strerror or "") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the rubric {str(path)!r} is not TOML", given=str(error)) from error
    default = Rubric()
    _refuse_unknown("entry", given, [f.name for f in dataclasses.fields(Rubric)])
    for table, names in (("parts", default.parts), ("laws", LAWS), ("parameters", None)):
        weights = given.get(table, {})
        if not isinstance(weights, dict):
            raise _wrong(table, weights, "a table of weights")
        if names is not None:
            _refuse_unknown(f"name in [{table}]", weights, names)
        given[table] = {name: _weight(f"{table}.{name}", weight) for name, weight in weights.items()}
    given["parts"] = {**default.parts, **given["parts"]}
    if not any(given["laws"].get(name, 1.0) for name in LAWS):
        raise _wrong("laws", given["laws"], "a law that weighs more than 0, or laws = 0 in [parts]")
    if not any(given["parts"].values()):
        raise _wrong("parts", given["parts"], "a part that weighs more than 0")
    return Rubric(**{**given, **_numbers(given)})


def _numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    points = _weight("points", given.get("points", Rubric.points))
    inconclusive = _weight("inconclusive", given.get("inconclusive", Rubric.inconclusive))
    once = given.get("charge_once", Rubric.charge_once)
    if inconclusive > 1:
        raise _wrong("inconclusive", inconclusive, "a share from 0 to 1")
    if not isinstance(once, bool):
        raise _wrong("charge_once", once, "true or false")
    return {"points": points, "inconclusive": inconclusive, "charge_once": once}


def _weight(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise _wrong(name, value, "a number >= 0")
    return float(value)


def _refuse_unknown(what: str, given: Mapping[str, Any], known: Any) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise UsageError(
                f"the rubric has an unknown {what}",
                given=name + (f" (did you mean {near[0]}?)" if near else ""),
                expected=", ".join(known),
            )


def _wrong(name: str, value: Any, expected: str) -> UsageError:
    return UsageError(f"the rubric's {name} cannot be used", given=repr(value), expected=expected)
