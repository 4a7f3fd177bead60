"""What a student is told, at the level of help that the teacher chose: each level adds to the last.

Begins with what is right. Values of the right gradient are in no level.
"""

from collections.abc import Iterator
from typing import Any

from gradcheck.grading.rubric import LAWS

LEVELS = ("verdict", "parameter", "hint", "full")
_VERDICTS = {
    "match": "The gradient is right.",
    "mismatch": "The gradient is not right yet.",
    "inconclusive": "The gradient could be neither confirmed nor refuted; a person will look at it.",
}


def feedback(result: dict[str, Any], level: str) -> str:
    """Return the text for a student.

    Parameters
    ----------
    result : dict
        As `SubmissionResult.to_dict` gives it.
    level : {"verdict", "parameter", "hint", "full"}
        ``"verdict"`` says whether it is right, and why it could not be judged; ``"parameter"`` also
        which parameters and laws; ``"hint"`` asks the question that leads to a known mistake;
        ``"full"`` names the mistake.

    Returns
    -------
    str
        Lines, the last one ended too.
    """
    lines = [_VERDICTS.get(result["verdict"], "It could not be judged.")]
    if result["verdict"] == "error":
        lines.append(result["message"])
    if LEVELS.index(level) >= LEVELS.index("parameter"):
        lines += _parameters(result)
        lines += [
            f"Beside the numbers: {law.broken}." for law in LAWS.values() if law.flag in result["flags"]
        ]
    for finding in result["findings"]:
        if level == "full":
            lines.append(f"{finding['code']}: {finding['message']}")
        if level in ("hint", "full"):
            lines.append(f"Hint: {finding['hint']}")
    return "".join(f"{line}\n" for line in lines)


def _parameters(result: dict[str, Any]) -> Iterator[str]:
    """Yield what is right, what is wrong and what is open, in this order."""
    rows = result["parameters"].values()
    of = {
        verdict: [row for row in rows if row["verdict"] == verdict]
        for verdict in ("match", "mismatch", "inconclusive")
    }
    if right := of["match"]:
        worst = max(row["max_relative_error"] for row in right)
        yield f"Right: {', '.join(row['name'] for row in right)} (to {worst:.1e})."
    for verdict, words in (("mismatch", "Not right"), ("inconclusive", "Open")):
        if of[verdict]:
            yield f"{words}: {', '.join(map(_measured, of[verdict]))}."


def _measured(row: dict[str, Any]) -> str:
    return f"{row['name']} (maximum relative error {row['max_relative_error']:.1e})"
