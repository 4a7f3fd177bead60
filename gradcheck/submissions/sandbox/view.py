"""What of the file system a submission may see."""

import os
import site
import sys
import tempfile
from itertools import islice
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store",
          "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")  # fmt: skip
PACKAGE = Path(__file__).parents[2]
RUNNER = PACKAGE / "submissions"
_MOST_FILES = 1000


def of_python() -> list[str]:
    """Return the folders of the interpreter and of installed packages, gradcheck's own left out."""
    named = [os.environ.get(name, "") for name in ("PYTHONPATH", "LD_LIBRARY_PATH")]
    places = [
        *(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix),
        *site.getsitepackages(),
        *([site.getusersitepackages()] if site.ENABLE_USER_SITE else []),
        *(place for text in named for place in text.split(os.pathsep)),
    ]
    present = [place for place in places if os.path.isabs(place) and os.path.isdir(place)]
    # A container has no symbolic links above what is put into it.
    return list(dict.fromkeys(name for place in present for name in (place, os.path.realpath(place))))


def of_submission(folder: Path) -> list[str]:
    """Return a folder, but only the code in it where it is the user's home or that of temporary files.

    What else lies in these, or in a folder that holds one of them, is no part of a submission.

    Parameters
    ----------
    folder : Path
        Absolute.

    Returns
    -------
    list of str
    """
    shared = (Path.home(), Path(tempfile.gettempdir()).resolve(), Path("/tmp"))  # noqa: S108
    if not any(place.is_relative_to(folder) for place in shared):
        return [str(folder)]
    code = (str(file) for file in folder.iterdir() if file.suffix in (".py", ".ipynb") and file.is_file())
    return list(islice(code, _MOST_FILES))
