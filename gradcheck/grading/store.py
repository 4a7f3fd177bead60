"""The results of a run in one SQLite file: each written at once, whole or not at all.

Raw results are kept, scores are not: with another rubric the same results are scored again.
"""

import json
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gradcheck.errors import UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    student TEXT PRIMARY KEY, digest TEXT NOT NULL, result TEXT NOT NULL
) WITHOUT ROWID;
"""


class Store:
    """The file; a context manager. It belongs to one run at a time.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UsageError
        If another run writes to it, or it is something else.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=1, isolation_level=None)
        try:
            # Taken with the first write and held until the file is closed, or the process has died.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise UsageError(
                f"{str(path)!r} cannot be written",
                given=str(error),
                expected="the results of a run that has ended",
                do="wait for the run that is still writing there, or choose another folder with --out",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def options(self) -> dict[str, Any]:
        """Return what the run was begun with; nothing yet if it is new."""
        return {name: json.loads(value) for name, value in self._database.execute("SELECT * FROM run")}

    def agree(self, options: dict[str, Any]) -> None:
        """Keep what a run is begun with.

        Raises
        ------
        UsageError
            If it was begun with something else.
        """
        kept = self.options()
        for name, value in options.items():
            if kept.get(name, value) != value:
                raise UsageError(
                    "the run was begun with other options",
                    given=f"--{name} {value}",
                    expected=f"--{name} {kept[name]}",
                    do="go on with the same, or choose another folder with --out for a run of its own",
                )
        rows = [(name, json.dumps(value)) for name, value in options.items() if name not in kept]
        self._database.executemany("INSERT INTO run VALUES (?, ?)", rows)

    def put(self, student: str, digest: str, result: dict[str, Any]) -> None:
        """Write the result of a student, in the place of an earlier one of other files."""
        row = (student, digest, json.dumps(result))
        self._database.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?)", row)

    def digests(self) -> dict[str, str]:
        """Return of which files there are results, by student."""
        return dict(self._database.execute("SELECT student, digest FROM results"))

    def results(self) -> dict[str, dict[str, Any]]:
        """Return the results, by student."""
        rows = self._database.execute("SELECT student, result FROM results")
        return {student: json.loads(result) for student, result in rows}
