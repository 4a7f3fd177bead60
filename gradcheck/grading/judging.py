"""One submission judged, here or on any machine: whatever happens, the outcome is a result."""

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

from gradcheck.errors import SubmissionError
from gradcheck.grading.reading import Parcel
from gradcheck.submissions.binding import Options
from gradcheck.submissions.result import SubmissionResult
from gradcheck.submissions.verify import verify


def judge(origin: str, parcel: Parcel, options: Options) -> dict[str, Any]:
    """Verify a submission in a folder of its own.

    Parameters
    ----------
    origin : str
        What the result calls its file.
    parcel : Parcel
    options : Options

    Returns
    -------
    dict
        As `SubmissionResult.to_dict` gives it.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="gradcheck-", ignore_cleanup_errors=True) as folder:
            result = verify(str(parcel.unpack(Path(folder))), options)
    except OSError as error:
        return refusal(origin, SubmissionError("file", "its files cannot be written", given=str(error)))
    except Exception as error:
        return refusal(origin, SubmissionError("internal", f"a fault of gradcheck itself: {error!r}"))
    return dataclasses.replace(result, file=origin).to_dict()


def refusal(origin: str, error: SubmissionError) -> dict[str, Any]:
    """Return the result of a submission that did not run."""
    return SubmissionResult(origin, error, seed=0, seconds=0.0, sandbox="none").to_dict()
