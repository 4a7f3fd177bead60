"""A submission as bytes: its files, and which of them is the one to judge.

Each submission is judged in a folder of its own made of these bytes, here or on another machine,
so that it sees no other submission. Everything is bounded: number of files, bytes, one level of
archives; what an archive says about its own size is not believed.
"""

import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gradcheck.errors import SubmissionError
from gradcheck.grading.finding import ARCHIVE, CODE, Source, is_hidden, printable

MOST_BYTES = 32 * 2**20
MOST_FILES = 1000
_DEFINED = re.compile(rb"(?:^|\"|\\n)\s*(?:def|class)\s+(\w+)", re.MULTILINE)
_TELLING = re.compile(r"backw|backprop|grad|lossfun|loss$", re.IGNORECASE)


@dataclass(frozen=True)
class Parcel:
    """A submission that can be sent.

    Attributes
    ----------
    main : str
        The file to judge: a key of `files`.
    files : dict of str to bytes
        By their relative paths, with ``/``.
    """

    main: str
    files: dict[str, bytes]

    @property
    def digest(self) -> str:
        """The same for the same files and only for them."""
        sha = hashlib.sha256(self.main.encode())
        for name, data in sorted(self.files.items()):
            sha.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return sha.hexdigest()

    def unpack(self, folder: Path) -> Path:
        """Write the files into an empty folder, and return the path of the one to judge."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / self.main


def read(source: Source, wanted: str | None = None) -> Parcel:
    """Read a submission.

    Parameters
    ----------
    source : Source
    wanted : str, optional
        Name of the file to judge; default: the only one, or the only one that defines a backward pass.

    Returns
    -------
    Parcel

    Raises
    ------
    SubmissionError
        If it is a link, cannot be read, is too large, or it is not clear which file to judge.
    """
    if source.problem:
        raise source.problem
    try:
        files = _bounded(_files(source.place))
        if not _code(files):
            archives = [name for name in files if name.lower().endswith(ARCHIVE)]
            files = _bounded(member for name in archives for member in _members(name, files[name])) or files
    except OSError as error:
        raise SubmissionError("file", "it cannot be read", given=error.strerror or str(error)) from error
    return Parcel(_main(files, wanted), files)


def _bounded(files: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    kept: dict[str, bytes] = {}
    size = 0
    for name, data in files:
        kept[name] = data
        size += len(data)
        if size > MOST_BYTES or len(kept) > MOST_FILES:
            raise SubmissionError(
                "file",
                "it is too large",
                expected=f"at most {MOST_BYTES >> 20} MB and {MOST_FILES} files, unpacked",
                do="leave data, models and environments out of it",
            )
    return kept


def _files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of a file, or of all regular files below a folder."""
    if not place.is_dir():
        yield printable(place.name), _content(place)
        return
    for folder, folders, names in os.walk(place, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for path in (Path(folder, name) for name in sorted(names) if not is_hidden(name)):
            if stat.S_ISREG(path.lstat().st_mode):
                yield printable(path.relative_to(place).as_posix()), _content(path)


def _refuse(error: OSError) -> None:
    raise error


def _content(path: Path) -> bytes:
    """Read a file that must be a regular one: reading a pipe or a device would not end."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SubmissionError("file", "this is not a regular file", given=printable(path.name))
        return file.read(MOST_BYTES + 1)


def _members(name: str, archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the regular files of an archive, reading no more of each than may be kept."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for member in opened.infolist():
                path = PurePosixPath(printable(member.filename.replace("\\", "/")))
                is_link = stat.S_ISLNK(member.external_attr >> 16)
                if member.is_dir() or is_link or any(map(is_hidden, path.parts)) or path.is_absolute():
                    continue
                with opened.open(member) as file:
                    yield str(path), file.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise SubmissionError("file", "the archive cannot be opened", given=f"{name}: {error}") from error


def _code(files: dict[str, bytes]) -> list[str]:
    return [name for name in files if name.lower().endswith(CODE)]


def _main(files: dict[str, bytes], wanted: str | None) -> str:
    candidates = _code(files)
    if wanted and len(candidates) > 1:
        candidates = [name for name in candidates if wanted in (name, PurePosixPath(name).name)]
    if len(candidates) > 1:
        candidates = [name for name in candidates if _defines_backward(files[name])] or candidates
    if len(candidates) == 1:
        return candidates[0]
    listed = ", ".join(sorted(candidates or files)[:5])
    if candidates:
        raise SubmissionError(
            "file",
            "several of its files could be the one to judge",
            given=listed,
            do="name it with --file; or, if these are several students, grade their folder by itself",
        )
    raise SubmissionError(
        "file",
        f"it has no file named {wanted}" if wanted and _code(files) else "it has no Python file or notebook",
        given=listed or "an empty folder",
    )


def _defines_backward(data: bytes) -> bool:
    return any(_TELLING.search(name.decode(errors="replace")) for name in _DEFINED.findall(data))
