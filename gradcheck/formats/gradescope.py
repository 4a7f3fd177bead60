"""Gradescope's ``results.json``: one object a submission, a test for each item of its score.

Its fields are those of Gradescope's autograder specification. All text is marked as plain: what a
student wrote is never taken for markup.
"""

import json
from collections.abc import Sequence
from typing import Any

_PLAIN = "text"


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return one object for one graded result, a list of them for several."""
    made = [_results(result) for result in results]
    return json.dumps(made[0] if len(made) == 1 else made, indent=2, allow_nan=False)


def _results(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "score": result["score"],
        "execution_time": round(result["seconds"], 3),
        "output": result["feedback"],
        "output_format": _PLAIN,
        "test_output_format": _PLAIN,
        "test_name_format": _PLAIN,
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [_test(item, number) for number, item in enumerate(_items(result), start=1)],
        "extra_data": {"verdict": result["verdict"], "seed": result["seed"]},
    }


def _items(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a student may see of the items: at the lowest level of help the two sums."""
    if result["help_level"] != "verdict":
        return list(result["items"])
    parts = dict.fromkeys(item["part"] for item in result["items"])
    return [_sum([item for item in result["items"] if item["part"] == part]) for part in parts]


def _sum(items: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {key: sum(item[key] for item in items) for key in ("points", "max_points")}
    status = "pass" if all(item["status"] == "pass" for item in items) else "fail"
    return {"part": items[0]["part"], "name": "all", "status": status, "message": "", **sums}


def _test(item: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": f"{item['part']}: {item['name']}",
        "score": round(item["points"], 6),
        "max_score": round(item["max_points"], 6),
        "status": "passed" if item["status"] == "pass" else "failed",
        "output": f"{item['message']}\n" if item["message"] else "",
    }
