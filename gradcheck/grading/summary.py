"""What a teacher reads at the end: how many of what, and which mistakes the class makes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gradcheck.faults import FAULTS
from gradcheck.formats.text import told
from gradcheck.grading.rubric import LAWS

_VERDICTS = ("match", "mismatch", "inconclusive", "error")
_REASONS = {
    "unexplained": "wrong, and no known mistake explains it",
    "file": "cannot be read, or it is not clear which file to judge",
    "syntax": "is not valid Python",
    "import": "does not load",
    "interface": "is not called as any convention says",
    "timeout": "runs longer than it may",
    "memory": "takes more memory than it may",
    "exit": "ends its own process",
    "crashed": "crashes",
    "internal": "a fault of gradcheck itself, please report it",
}


def counts(results: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return how many results have each verdict."""
    counted = Counter(result["verdict"] for result in results)
    return {verdict: counted[verdict] for verdict in _VERDICTS}


def frequent(results: Sequence[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """Return each mistake of the class, how many have it, and what it is; the most frequent first."""
    counted = Counter(mistake for result in results for mistake in result["mistakes"])
    return [(mistake, count, what(mistake)) for mistake, count in counted.most_common()]


def what(mistake: str) -> str:
    """Return what a word of `gradcheck.grading.scoring.mistakes` means."""
    if mistake in FAULTS:
        return FAULTS[mistake].name
    return LAWS[mistake].broken if mistake in LAWS else _REASONS.get(mistake, "")


def summary(results: Sequence[dict[str, Any]]) -> str:
    """Return it as text, 80 columns."""
    parts = [f"{count} {verdict}" for verdict, count in counts(results).items() if count]
    lines = [f"{len(results)} submissions: {', '.join(parts)}"]
    mean = sum(result["score"] for result in results) / len(results)
    lines.append(f"mean score {mean:.1f} of {results[0]['max_score']:g}")
    rows = frequent(results)
    if rows:
        lines += ["", "the same in how many"]
        width = max(len(mistake) for mistake, _, _ in rows)
        lines += [
            f"  {count:>5}  {mistake:<{width}}  {words}"[:80].rstrip() for mistake, count, words in rows
        ]
    review = [result["student"] for result in results if result["review"]]
    if review:
        lines += ["", told(f"needs a look: {', '.join(review[:8])}" + (" ..." if review[8:] else ""))]
    return "\n".join(lines)
