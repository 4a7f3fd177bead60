"""Whose submissions a folder holds: each of its files, archives and folders is one student's.

Nothing is read here, and no symbolic link is followed: a link could lead out of the folder, or to
the file of somebody else.
"""

import os
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from gradcheck.errors import SubmissionError, UsageError

CODE = (".py", ".ipynb")
ARCHIVE = ".zip"
DATABASE = "results.sqlite"  # a folder that has it is not a student's, but holds the results of a run
_PASSED_OVER = ("__pycache__", "__MACOSX")
# What learning platforms make of a student's name and number when all submissions are downloaded.
_MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_\w+")
_CANVAS = re.compile(r"(?P<name>[^_]+)(_LATE)?_(?P<number>\d+)_\d+_.+")


@dataclass(frozen=True)
class Source:
    """One student's submission, found and not yet read.

    Attributes
    ----------
    student : str
        Name of the file or folder, without what a learning platform adds.
    place : Path
        The file, archive or folder.
    problem : SubmissionError or None
        Why it must not be read.
    """

    student: str
    place: Path
    problem: SubmissionError | None = None

    @property
    def origin(self) -> str:
        """Name in the folder, for people."""
        return printable(self.place.name)


def find(folder: Path, leave_out: Path) -> tuple[list[Source], list[str]]:
    """Return the submissions of a folder, sorted by student, and what was passed over.

    Parameters
    ----------
    folder : Path
    leave_out : Path
        Not a submission, though it may lie in the folder: where the results go.

    Returns
    -------
    sources : list of Source
    passed_over : list of str
        Names of files that are neither Python, notebook nor archive, and of folders of results.

    Raises
    ------
    UsageError
        If it is no folder, cannot be read, or holds no submission.
    """
    try:
        entries = [entry for entry in os.scandir(folder) if not is_hidden(entry.name)]
    except OSError as error:
        raise UsageError(
            f"{str(folder)!r} cannot be read",
            given=error.strerror or "",
            expected="a folder of submissions",
        ) from error
    entries = [entry for entry in entries if Path(entry).resolve() != leave_out.resolve()]
    found = [_source(entry) for entry in entries if _is_submission(entry)]
    if not found:
        raise UsageError(
            f"{str(folder)!r} holds no submission",
            given=", ".join(printable(entry.name) for entry in entries[:5]) or "an empty folder",
            expected="files (.py, .ipynb, .zip), or a folder for each student",
        )
    passed_over = sorted(printable(entry.name) for entry in entries if not _is_submission(entry))
    return sorted(_once(found), key=lambda source: source.student), passed_over


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is never part of a submission."""
    return name.startswith(".") or name in _PASSED_OVER


def printable(name: str) -> str:
    """Return a file's name as text that can be stored: bytes that are no UTF-8 become question marks."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def _is_submission(entry: os.DirEntry[str]) -> bool:
    named_so = Path(entry.name).suffix.lower() in (*CODE, ARCHIVE)
    if entry.is_dir(follow_symlinks=False):
        return not os.path.isfile(Path(entry, DATABASE))  # False also where one may not look
    return named_so or entry.is_symlink()


def _source(entry: os.DirEntry[str]) -> Source:
    name = printable(entry.name)
    stem = name if entry.is_dir(follow_symlinks=False) else Path(name).stem
    if match := _MOODLE.fullmatch(stem):
        student = match["student"]
    elif match := _CANVAS.fullmatch(stem):
        student = f"{match['name']}_{match['number']}"
    else:
        student = stem
    problem = None
    if entry.is_symlink():
        problem = SubmissionError(
            "file",
            "this is a symbolic link, which is not followed",
            given=name,
            do="put the file itself in its place",
        )
    return Source(student, Path(entry), problem)


def _once(sources: list[Source]) -> list[Source]:
    """Return one source a student: of a student who is there twice, one that says so."""
    keys = [source.student.casefold() for source in sources]
    counts = Counter(keys)
    single = [source for key, source in zip(keys, sources, strict=True) if counts[key] == 1]
    for key in (key for key, count in counts.items() if count > 1):
        same = sorted((s for k, s in zip(keys, sources, strict=True) if k == key), key=lambda s: s.origin)
        problem = SubmissionError(
            "file",
            "the same student is there more than once",
            given=", ".join(source.origin for source in same),
            do="leave the one that counts in the folder and grade again with --resume",
        )
        single.append(Source(same[0].student, same[0].place, problem))
    return single
