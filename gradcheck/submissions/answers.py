"""What a submission's process answered, held to the types that it must have.

It is a claim: the process runs code that nobody should trust.
"""

from typing import Any

from gradcheck.errors import SubmissionError

_LONGEST = 500  # letters of what a process says
_NO_ERROR: dict[str, Any] = {"type": "", "bases": [], "text": "", "line": None, "given": "", "expected": ""}


def checked(answer: Any) -> dict[str, Any]:
    """Return an answer that has a result, or an error of which all is known, in words."""
    if not isinstance(answer, dict) or not answer.keys() & {"result", "error"}:
        raise nonsense()
    if "error" not in answer:
        return {**answer, "error": _NO_ERROR}
    error = answer["error"]
    if not isinstance(error, dict) or error.keys() != _NO_ERROR.keys():
        raise nonsense()
    line = error["line"] if type(error["line"]) is int else None
    told = {key: texts([error[key]])[0] for key in ("type", "text", "given", "expected")}
    return {"error": {**told, "bases": texts(error["bases"]), "line": line}}


def texts(found: Any) -> list[str]:
    """Return what must be a list of texts."""
    if not isinstance(found, list | tuple) or not all(isinstance(text, str) for text in found):
        raise nonsense()
    return [text[:_LONGEST] for text in found]


def nonsense() -> SubmissionError:
    """Return the error for an answer that cannot be one."""
    return SubmissionError("crashed", "the submission's process answered nonsense")


def printable(text: str) -> str:
    """Return a text in one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
