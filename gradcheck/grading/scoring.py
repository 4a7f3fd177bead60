"""From a result to points: one item for each parameter and each law, added up."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from gradcheck.grading.rubric import LAWS, Rubric

ResultDict = dict[str, Any]
# What a person should see for themselves, whatever the verdict.
_LOOKED_AT = {"numeric", "forward-differs"}
_STATUS = {"match": "pass", "mismatch": "fail", "inconclusive": "unresolved"}


@dataclass(frozen=True)
class Item:
    """A part of a score.

    Attributes
    ----------
    part : {"gradient", "laws"}
    name : str
        Of the parameter or law.
    status : {"pass", "fail", "unresolved", "not-checked"}
    points, max_points : float
    message : str
        What was seen.
    """

    part: str
    name: str
    status: str
    points: float
    max_points: float
    message: str = ""


def scored(result: ResultDict, rubric: Rubric) -> ResultDict:
    """Return the score of a result.

    Parameters
    ----------
    result : dict
        As `SubmissionResult.to_dict` gives it.
    rubric : Rubric

    Returns
    -------
    dict
        ``score``, ``max_score``, ``items``; ``review``: whether a person should look at it;
        ``mistakes``: what a class page counts.
    """
    gradient = list(_gradient(result, rubric))
    if rubric.charge_once:
        gradient = _charged_once(gradient, result["findings"])
    any_right = any(item.status == "pass" for item in gradient)
    items = [*gradient, *_laws(result, rubric, any_right=any_right)]
    lost = sum(item.max_points - item.points for item in items)
    return {
        "score": round(max(0.0, rubric.points - lost), 6),
        "max_score": rubric.points,
        "items": [asdict(item) for item in items],
        "review": result["verdict"] == "inconclusive" or not _LOOKED_AT.isdisjoint(result["flags"]),
        "mistakes": mistakes(result),
    }


def mistakes(result: ResultDict) -> list[str]:
    """Return what is wrong with a submission, a word each: codes of mistakes, laws, reasons."""
    words = [finding["code"] for finding in result["findings"]]
    words += [name for name, law in LAWS.items() if law.flag in result["flags"]]
    if result["verdict"] == "error":
        words.append(result["reason"])
    elif result["verdict"] == "mismatch" and not words:
        words.append("unexplained")
    return list(dict.fromkeys(words))


def _gradient(result: ResultDict, rubric: Rubric) -> Iterator[Item]:
    total = _share(rubric, "gradient")
    weights = {name: rubric.weight(name) for name in result["parameters"]}
    whole = sum(weights.values())
    if not whole:
        yield Item("gradient", "all parameters", "not-checked", 0.0, total, "it could not be judged")
        return
    for name, weight in weights.items():
        points = total * weight / whole
        row = result["parameters"][name]
        status = _STATUS[row["verdict"]]
        share = {"pass": 1.0, "unresolved": rubric.inconclusive}.get(status, 0.0)
        message = f"maximum relative error {row['max_relative_error']:.1e}"
        yield Item("gradient", name, status, points * share, points, message)


def _charged_once(items: list[Item], findings: list[ResultDict]) -> list[Item]:
    """Give back what one mistake costs beyond its dearest parameter."""
    charged = {item.name: item for item in items}
    for finding in findings:
        wrong = [charged[name] for name in finding["parameters"] if name in charged]
        wrong = [item for item in wrong if item.status == "fail" and not item.points]
        dearest = max(wrong, key=lambda item: item.max_points, default=None)
        for item in wrong:
            if item is not dearest:
                charged[item.name] = replace(item, points=item.max_points)
    return list(charged.values())


def _laws(result: ResultDict, rubric: Rubric, *, any_right: bool) -> Iterator[Item]:
    """Yield the laws; they count only where some of the gradient is right, for keeping them is easy."""
    weights = {name: rubric.laws.get(name, 1.0) for name in LAWS}
    for name, law in LAWS.items():
        points = _share(rubric, "laws") * weights[name] / sum(weights.values())
        broken = law.flag in result["flags"]
        status = "fail" if broken else "pass" if any_right else "not-checked"
        message = law.broken if broken else law.statement
        yield Item("laws", name, status, points if status == "pass" else 0.0, points, message)


def _share(rubric: Rubric, part: str) -> float:
    return rubric.points * rubric.parts[part] / sum(rubric.parts.values())
