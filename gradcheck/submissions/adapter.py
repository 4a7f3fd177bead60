"""The adapter's source: refused before a submission runs, since it is the user's own.

It is compiled and not run: that is for the submission's process.
"""

import dis
from pathlib import Path

from gradcheck.errors import UsageError
from gradcheck.submissions.conventions import adapter


def read_adapter(path: str) -> str:
    """Return the source of an adapter.

    Parameters
    ----------
    path : str

    Returns
    -------
    str

    Raises
    ------
    UsageError
        If it cannot be read, is not valid Python, or lacks a function.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        steps = list(dis.get_instructions(compile(text, path, "exec", dont_inherit=True)))
    except SyntaxError as error:
        raise UsageError(
            "the adapter is not valid Python", given=f"{path}, line {error.lineno}: {error.msg}"
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError("the adapter cannot be read", given=f"{path}: {error}") from error
    bound = {step.argval for step in steps if step.opname.startswith("STORE_")}
    missing = [name for name in adapter.FUNCTIONS if name not in bound]
    # What `from module import *` binds is not known before it runs.
    if missing and not any("IMPORT_STAR" in step.opname + step.argrepr for step in steps):
        raise UsageError(
            f"the adapter has no function {', no '.join(missing)}", given=path, expected=adapter.CALLS
        )
    return text
