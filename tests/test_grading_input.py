"""What a folder of submissions may hold: each oddity is one clear message, and the others are read."""

import io
import os
import stat
import unicodedata
import zipfile

import pytest

from gradcheck.errors import SubmissionError, UsageError
from gradcheck.grading import reading
from gradcheck.grading.finding import find
from gradcheck.grading.reading import read

CODE = "def backward(x, d, z1, y):\n    return {}\n"


def found(folder):
    return {source.student: source for source in find(folder, folder / "results")[0]}


def parcel(folder, student, wanted=None):
    return read(found(folder)[student], wanted)


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members.items():
            opened.writestr(name, data)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "with space",
            'it\'s "quoted"',
            "two\nlines",
            "Żółć 山田",
            "-rf",
            "--help",
            "a;b|c&d",
            "=1+1",
            "x" * 200,
        ],
    )
    def test_any_name_is_a_student(self, tmp_path, name):
        """A file's name is only a name."""
        (tmp_path / f"{name}.py").write_text(CODE)

        assert parcel(tmp_path, name).files == {f"{name}.py": CODE.encode()}

    def test_name_that_is_no_text_can_be_stored(self, tmp_path):
        """Bytes that are no UTF-8 are shown as question marks."""
        (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text(CODE)
        [student] = found(tmp_path)

        assert student.encode() == "caf\N{REPLACEMENT CHARACTER}".encode()
        assert parcel(tmp_path, student).main.encode()

    @pytest.mark.parametrize(
        ("name", "student"),
        [
            ("Ada Lovelace_12345_assignsubmission_file", "Ada Lovelace_12345"),
            ("Ada Lovelace_12345_assignsubmission_file_", "Ada Lovelace_12345"),
            ("lovelaceada_4711_98765_net.py", "lovelaceada_4711"),
            ("lovelaceada_LATE_4711_98765_net-2.py", "lovelaceada_4711"),
            ("submission_98765", "submission_98765"),
            ("my_own_net.py", "my_own_net"),
        ],
    )
    def test_names_of_learning_platforms_are_shortened(self, tmp_path, name, student):
        """To the name and number of the student."""
        path = tmp_path / name if name.endswith(".py") else tmp_path / name / "net.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(CODE)

        assert list(found(tmp_path)) == [student]


class TestSameStudentTwice:
    @pytest.mark.parametrize(
        "names",
        [
            ("ada.py", "ada.ipynb"),
            ("ada.py", "ADA.py"),
            ("lovelaceada_4711_1_net.py", "lovelaceada_LATE_4711_2_net.py"),
            (f"{unicodedata.normalize('NFC', 'josé')}.py", f"{unicodedata.normalize('NFD', 'josé')}.py"),
        ],
    )
    def test_is_one_result_that_says_so(self, tmp_path, names):
        """Neither is taken for the one that counts."""
        for name in (*names, "ben.py"):
            (tmp_path / name).write_text(CODE)
        twice, ben = sorted(found(tmp_path).values(), key=lambda source: source.student == "ben")

        with pytest.raises(SubmissionError, match="the same student is there more than once") as raised:
            read(twice)
        assert all(unicodedata.normalize("NFC", name) in str(raised.value) for name in names)
        assert read(ben).files

    def test_folder_and_file_are_the_same_student(self, tmp_path):
        """Not only two files."""
        (tmp_path / "ada").mkdir()
        (tmp_path / "ada.py").write_text(CODE)

        with pytest.raises(SubmissionError, match="more than once"):
            parcel(tmp_path, "ada")


class TestFiles:
    def test_link_is_not_followed(self, tmp_path):
        """Out of the folder or to another student's file."""
        outside = tmp_path / "secret.py"
        outside.write_text(CODE)
        folder = tmp_path / "class"
        (folder / "ben").mkdir(parents=True)
        (folder / "ada.py").symlink_to(outside)
        (folder / "cem").symlink_to(folder / "ben")
        (folder / "ben" / "net.py").write_text(CODE)
        (folder / "ben" / "other.py").symlink_to(outside)

        for student in ("ada", "cem"):
            with pytest.raises(SubmissionError, match="symbolic link"):
                parcel(folder, student)
        assert list(parcel(folder, "ben").files) == ["net.py"]

    def test_pipe_is_not_waited_for(self, tmp_path):
        """Reading it would not end."""
        os.mkfifo(tmp_path / "ada.py")

        with pytest.raises(SubmissionError, match="not a regular file"):
            parcel(tmp_path, "ada")

    def test_file_that_cannot_be_read_is_told(self, tmp_path, monkeypatch):
        """With the system's own reason."""

        def refuse(*arguments):
            raise PermissionError(13, "Permission denied")

        (tmp_path / "ada.py").write_text(CODE)
        monkeypatch.setattr(reading.os, "open", refuse)

        with pytest.raises(SubmissionError, match="cannot be read\n  given:    Permission denied"):
            parcel(tmp_path, "ada")

    def test_other_files_are_passed_over(self, tmp_path):
        """And told of, for a student may have handed in the wrong one."""
        for name in ("ada.py", "ben.docx", ".hidden.py", "grades.csv"):
            (tmp_path / name).write_text(CODE)
        sources, passed_over = find(tmp_path, tmp_path / "out")

        assert [source.student for source in sources] == ["ada"]
        assert passed_over == ["ben.docx", "grades.csv"]

    def test_results_are_no_submission(self, tmp_path):
        """The folder of results may lie among the submissions."""
        (tmp_path / "ada.py").write_text(CODE)
        (tmp_path / "results").mkdir()

        assert list(found(tmp_path)) == ["ada"]

    @pytest.mark.parametrize("names", [[], ["a.txt"], [".git"]])
    def test_folder_without_submission_is_wrong_usage(self, tmp_path, names):
        """It says what it looked for."""
        for name in names:
            (tmp_path / name).write_text("")

        with pytest.raises(
            UsageError, match=r"holds no submission.*\n.*\n  expected: files \(.py, .ipynb, .zip\)"
        ):
            find(tmp_path, tmp_path / "out")


class TestFolders:
    def test_everything_below_belongs_to_the_student(self, tmp_path):
        """However deep, but for what is hidden."""
        deep = tmp_path / "ada" / "src" / "net"
        (deep / "__pycache__").mkdir(parents=True)
        (deep / "__pycache__" / "net.py").write_text(CODE)
        (deep / "net.py").write_text(CODE)
        (tmp_path / "ada" / "data.txt").write_text("1")
        read_ = parcel(tmp_path, "ada")

        assert (read_.main, set(read_.files)) == ("src/net/net.py", {"src/net/net.py", "data.txt"})

    def test_file_with_the_backward_pass_is_the_one(self, tmp_path):
        """Beside helpers and scripts."""
        folder = tmp_path / "ada"
        folder.mkdir()
        (folder / "functions.py").write_text("def relu(u):\n    return u\n")
        (folder / "train.py").write_text("import net\nnet.backward\n")
        (folder / "net.py").write_text(CODE)

        assert parcel(tmp_path, "ada").main == "net.py"

    def test_one_of_several_can_be_named(self, tmp_path):
        """Else it is asked for."""
        folder = tmp_path / "ada"
        folder.mkdir()
        for name in ("one.py", "two.py"):
            (folder / name).write_text(CODE)

        with pytest.raises(
            SubmissionError, match=r"several.*\n  given:    one.py, two.py\n  do:       name it with --file"
        ):
            parcel(tmp_path, "ada")
        assert parcel(tmp_path, "ada", "two.py").main == "two.py"

    def test_folder_without_code_is_told(self, tmp_path):
        """With what it holds."""
        (tmp_path / "ada").mkdir()
        (tmp_path / "ada" / "essay.docx").write_text("")

        with pytest.raises(SubmissionError, match=r"no Python file or notebook\n  given:    essay.docx"):
            parcel(tmp_path, "ada")

    def test_folder_is_bounded(self, tmp_path, monkeypatch):
        """In bytes and in files."""
        monkeypatch.setattr(reading, "MOST_FILES", 3)
        (tmp_path / "ada").mkdir()
        for k in range(4):
            (tmp_path / "ada" / f"{k}.txt").write_text("")

        with pytest.raises(SubmissionError, match="too large"):
            parcel(tmp_path, "ada")


class TestArchives:
    def test_archive_is_a_folder(self, tmp_path):
        """In the folder of the class, or in that of the student."""
        (tmp_path / "ben").mkdir()
        for path in (tmp_path / "ada.zip", tmp_path / "ben" / "hand-in.zip"):
            archive(path, {"hw/net.py": CODE, "hw/functions.py": "", "__MACOSX/hw/._net.py": "x"})

        for student in ("ada", "ben"):
            read_ = parcel(tmp_path, student)
            assert (read_.main, set(read_.files)) == ("hw/net.py", {"hw/net.py", "hw/functions.py"})

    def test_bomb_is_not_unpacked(self, tmp_path):
        """No more is read of it than may be kept: 100 MB in 0.1 MB cost 32 MB."""
        blown = io.BytesIO()
        with (
            zipfile.ZipFile(blown, "w", zipfile.ZIP_DEFLATED) as opened,
            opened.open("net.py", "w", force_zip64=True) as file,
        ):
            for _ in range(100):
                file.write(b"\0" * 2**20)
        (tmp_path / "ada.zip").write_bytes(blown.getvalue())

        with pytest.raises(SubmissionError, match="too large\n  expected: at most 32 MB"):
            parcel(tmp_path, "ada")

    def test_size_that_an_archive_states_is_not_believed(self, tmp_path):
        """Of a file that claims to be small no more is read than claimed, or it is refused."""
        blown = io.BytesIO()
        with zipfile.ZipFile(blown, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.writestr("net.py", b"\0" * 2**26)
        lying = blown.getvalue().replace((2**26).to_bytes(4, "little"), (10).to_bytes(4, "little"))
        (tmp_path / "ada.zip").write_bytes(lying)

        with pytest.raises(SubmissionError, match=r"cannot be opened|too large"):
            parcel(tmp_path, "ada")

    @pytest.mark.parametrize("name", ["../net.py", "/etc/net.py", "a/../../net.py", "..\\net.py"])
    def test_paths_out_of_the_folder_are_left_out(self, tmp_path, name):
        """Whatever they are written with."""
        archive(tmp_path / "ada.zip", {name: "evil", "mine.py": CODE})

        assert list(parcel(tmp_path, "ada").files) == ["mine.py"]

    def test_links_in_archives_are_left_out(self, tmp_path):
        """They would lead anywhere."""
        link = zipfile.ZipInfo("net.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive(tmp_path / "ada.zip", {link: "/etc/passwd", "mine.py": CODE})

        assert list(parcel(tmp_path, "ada").files) == ["mine.py"]

    @pytest.mark.parametrize("data", [b"", b"PK\3\4 no archive", b"Rar!"])
    def test_broken_archive_is_told(self, tmp_path, data):
        """By name."""
        (tmp_path / "ada.zip").write_bytes(data)

        with pytest.raises(SubmissionError, match=r"the archive cannot be opened\n  given:    ada.zip"):
            parcel(tmp_path, "ada")

    def test_archive_in_an_archive_is_not_opened(self, tmp_path):
        """One level is enough for people."""
        inner = io.BytesIO()
        archive(inner, {"net.py": CODE})
        archive(tmp_path / "ada.zip", {"inner.zip": inner.getvalue()})

        with pytest.raises(SubmissionError, match=r"no Python file or notebook\n  given:    inner.zip"):
            parcel(tmp_path, "ada")


class TestParcel:
    def test_digest_is_that_of_the_content(self, tmp_path):
        """Another name, content or main file: another digest."""
        digests = {
            reading.Parcel(*given).digest
            for given in [
                ("a.py", {"a.py": b"1"}),
                ("a.py", {"a.py": b"2"}),
                ("b.py", {"b.py": b"1"}),
                ("a.py", {"a.py": b"1", "b.py": b"1"}),
                ("b.py", {"a.py": b"1", "b.py": b"1"}),
            ]
        }

        assert len(digests) == 5
        assert (
            reading.Parcel("a.py", {"a.py": b"1", "b": b""}).digest
            == reading.Parcel("a.py", {"b": b"", "a.py": b"1"}).digest
        )

    def test_unpacked_it_is_what_was_read(self, tmp_path):
        """Folders and all."""
        path = reading.Parcel("s/a.py", {"s/a.py": b"1", "b.txt": b"2"}).unpack(tmp_path)

        assert path.read_bytes() == b"1"
        assert (tmp_path / "b.txt").read_bytes() == b"2"
