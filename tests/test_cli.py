"""The command line: exit codes, what is printed where, and a last line of defence."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from markup import read

from gradcheck import cli
from gradcheck.errors import SubmissionError
from gradcheck.faults import FAULTS
from gradcheck.submissions.sandbox import bubblewrap

OFFENDERS = Path(__file__).parent / "offenders"
STRANGE = """
def backward(x, d, z1, y):
    raise ValueError("\\ud800 \\x1b[31m")
"""
REPORT_FIELDS = {
    "verdict", "ok", "parameters", "max_relative_error", "findings", "method", "evaluations",
    "false_pass_probability", "seed", "seconds", "notes",
}  # fmt: skip
SUBMISSION_FIELDS = {"flags", "shape", "sandbox", "understood", "file"}


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("example:course-note-repaired", 0),
        ("example:course-note", 1),
        (OFFENDERS / "random_forward.py", 3),
        (OFFENDERS / "no_backward.py", 4),
        (OFFENDERS / "no_such_file.py", 2),
        ("example:no-such", 2),
        (OFFENDERS, 2),
    ],
)
def test_exit_code_tells_the_verdict(capsys, file, code):
    """Zero is a match and nothing else."""
    assert run(capsys, "verify", file)[0] == code


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["verify"],
        ["verify", "x.py", "--seed", "-1"],
        ["verify", "x.py", "--rtol", "0"],
        ["verify", "x.py", "--timeout", "nan"],
        ["verify", "x.py", "--activation", "sigmoidal"],
        ["verify", "x.py", "--sandbox", "none of these"],
        ["fuzz", "--examples", "0"],
    ],
)
def test_wrong_usage_is_refused(capsys, arguments):
    """By the parser, with exit code 2."""
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)

    assert exit_.value.code == 2


def test_sandbox_that_is_not_there_is_refused(capsys, monkeypatch):
    """A confinement that was asked for is never silently a weaker one."""
    monkeypatch.setattr(bubblewrap, "obstacle", lambda: "no user namespaces")

    code, out, err = run(capsys, "verify", "example:course-note", "--sandbox", "bubblewrap")

    assert (code, out) == (2, "")
    assert "bubblewrap does not work here" in err
    assert "no user namespaces" in err


class TestForPeople:
    @pytest.mark.parametrize(
        "arguments",
        [
            *(f"{name} --help" for name in ("", "verify", "grade", "fuzz", "explain")),
            "verify --list-conventions",
            "verify",
            "verify x.py --loss nope",
            "verify x.py --activation nope",
            "verify example:nope",
            "grade nowhere --out results --formats nope",
            "fuzz --seed -1",
            "fuzz --activations nope",
            "fuzz json:nope",
            "fuzz json",
            "explain xx",
        ],
    )
    def test_help_and_errors_are_narrow(self, capsys, monkeypatch, arguments):
        """80 columns where the terminal has them, so that no line is broken within a word."""
        monkeypatch.setenv("COLUMNS", "80")
        with contextlib.suppress(SystemExit):
            cli.main(arguments.split())
        lines = "".join(capsys.readouterr()).splitlines()

        assert lines
        assert max(map(len, lines)) <= 80

    def test_long_path_is_kept_whole(self, capsys):
        """It can be copied, whatever the width."""
        _, _, err = run(capsys, "verify", long := "folder/" * 20 + "x.py")

        assert f"'{long}'" in err

    def test_output_is_plain_and_narrow(self, capsys):
        """80 columns, no escape codes, no empty end."""
        _, out, _ = run(capsys, "verify", "example:course-note")

        assert max(map(len, out.splitlines())) <= 80
        assert "\x1b" not in out

    def test_last_line_reproduces_the_run(self, capsys):
        """With all that was stated."""
        arguments = ("verify", "example:course-note", "--seed", 7, "--rtol", "1e-05")
        _, out, _ = run(capsys, *arguments)
        *_, last = out.splitlines()
        again = run(capsys, *last.removeprefix("reproduce: gradcheck ").split())[1]

        assert last == "reproduce: gradcheck verify example:course-note --seed 7 --rtol 1e-05"
        assert again == out

    def test_error_is_told_with_the_file_and_the_line(self, capsys):
        """Where a submission raises is said; frames of gradcheck are not shown."""
        _, out, err = run(capsys, "verify", OFFENDERS / "raises_in_backward.py")

        assert "raises_in_backward.py, line 21" in out
        assert "Traceback" not in out + err

    def test_what_no_terminal_should_get_is_written_out(self, capsys, tmp_path):
        """Neither a name nor a message of a submission commands a terminal, or ends the run."""
        file = tmp_path / os.fsdecode(b"caf\xe9.py")
        file.write_text((OFFENDERS / "raises_in_backward.py").read_text() + STRANGE)
        code, out, err = run(capsys, "verify", file, "--json", tmp_path / "out.json")

        assert (code, err) == (4, "")
        assert "ValueError: \\xd800 \\x1b[31m" in out
        assert "\ud800 \x1b[31m" in json.loads((tmp_path / "out.json").read_text())["message"]


class TestJson:
    @pytest.mark.parametrize("file", ["example:course-note", OFFENDERS / "returns_nan.py"])
    def test_standard_output_holds_json_alone(self, capsys, file):
        """With every field of the contract."""
        code, out, err = run(capsys, "verify", file, "--json", "-")
        result = json.loads(out)

        assert result.keys() >= REPORT_FIELDS | SUBMISSION_FIELDS
        assert (code, err) == (1, "")
        assert list(result["parameters"]) == ["W1", "b1", "W2", "b2"]
        assert result["shape"] == "course-note"

    def test_error_has_a_reason_and_a_message(self, capsys):
        """And the same fields beside them."""
        _, out, _ = run(capsys, "verify", OFFENDERS / "constant_forward.py", "--json", "-")
        result = json.loads(out)

        assert result.keys() >= REPORT_FIELDS | SUBMISSION_FIELDS
        assert (result["verdict"], result["reason"]) == ("error", "interface")
        assert "does not depend on its parameters" in result["message"]
        assert result["flags"] == ["trivial"]

    def test_file_is_written_beside_the_table(self, capsys, tmp_path):
        """A path takes the JSON; people still get their table."""
        path = tmp_path / "result.json"
        _, out, _ = run(capsys, "verify", "example:course-note-relu", "--json", path)

        assert json.loads(path.read_text())["verdict"] == "match"
        assert out.startswith("MATCH")

    @pytest.mark.parametrize(
        "command", [["verify", "no-such.py"], ["fuzz", "no_such"]], ids=["verify", "fuzz"]
    )
    @pytest.mark.parametrize(
        ("path", "words"), [("missing/x.json", "there is no folder 'missing'"), (".", "'.' is a folder")]
    )
    def test_place_that_cannot_be_is_told_before_the_run(
        self, capsys, tmp_path, monkeypatch, command, path, words
    ):
        """As wrong usage: it may take long to find out what could then not be kept."""
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as exit_:
            cli.main([*command, "--json", path])

        assert exit_.value.code == 2
        assert words in " ".join(capsys.readouterr().err.split())
        assert not (tmp_path / "missing").exists()


class TestHtml:
    def test_standard_output_holds_the_page_alone(self, capsys):
        """With the table, the finding and the line that repeats it."""
        code, out, err = run(capsys, "verify", "example:course-note", "--html", "-")
        text = read(out).text

        assert (code, err) == (1, "")
        assert out.startswith("<!DOCTYPE html>")
        assert "DERIV_AT_Z" in text
        assert "gradcheck verify example:course-note --seed 0" in text

    def test_plots_are_in_the_page(self, capsys):
        """Errors by parameter, by entry, and against the step, each with words for who cannot see it."""
        pytest.importorskip("matplotlib", reason="plots are in the extra report")

        images = read(run(capsys, "verify", "example:course-note", "--html", "-")[1]).all("img")

        assert len(images) == 3
        assert all("W1 7.9e-01" in image.attributes["alt"] for image in images)

    def test_page_needs_no_plots(self):
        """Without matplotlib it is the same page without pictures."""
        code = "import sys; sys.modules['matplotlib'] = None; from gradcheck import cli; sys.exit(cli.main())"
        command = [sys.executable, "-c", code, "verify", "example:course-note", "--html", "-"]

        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr) == (1, "")
        assert "DERIV_AT_Z" in read(done.stdout).text
        assert not read(done.stdout).all("img")

    def test_plots_never_change_the_result(self, capsys, monkeypatch):
        """A submission that fails while it is drawn has been judged already."""
        plots = pytest.importorskip("gradcheck.plots", reason="plots are in the extra report")

        def late(*arguments, **options):
            raise SubmissionError("timeout", "planted")

        monkeypatch.setattr(plots, "illustrate", late)
        code, out, err = run(capsys, "verify", "example:course-note-relu", "--html", "-")

        assert (code, err) == (0, "")
        assert not read(out).all("img")

    def test_file_that_cannot_be_judged_gets_a_page_too(self, capsys, tmp_path):
        """Beside what is printed for people."""
        path = tmp_path / "result.html"
        code, out, _ = run(capsys, "verify", OFFENDERS / "constant_forward.py", "--html", path)

        assert code == 4
        assert "does not depend on its parameters" in read(path.read_text(encoding="utf-8")).text
        assert out.startswith("ERROR (interface)")

    def test_result_is_shown_though_the_page_cannot_be_written(self, capsys, tmp_path):
        """It was work to find out."""
        code, out, err = run(capsys, "verify", "example:course-note-relu", "--html", tmp_path / ("x" * 300))

        assert code == 2
        assert out.startswith("MATCH")
        assert "cannot be written" in err

    def test_two_formats_do_not_fit_on_standard_output(self, capsys):
        """It is said before the file is run."""
        code, out, err = run(capsys, "verify", "no-such-file.py", "--json", "-", "--html", "-")

        assert (code, out) == (2, "")
        assert "give one of them a path" in err


class TestOptions:
    def test_stated_activation_that_forward_has_not_is_flagged(self, capsys):
        """The gradient may be right all the same."""
        arguments = ("verify", "example:course-note-relu", "--activation", "sigmoid", "--json", "-")
        result = json.loads(run(capsys, *arguments)[1])

        assert (result["verdict"], result["flags"]) == ("match", ["forward-differs"])
        assert (
            "hidden layer relu, output identity, as forward computes them; sigmoid was asked for"
            in (result["understood"])
        )

    def test_that_forward_differs_is_said_first(self, capsys):
        """That the gradient belongs to another forward pass is not what was asked, and fails."""
        code, out, _ = run(capsys, "verify", "example:course-note-relu", "--activation", "sigmoid")

        assert code == 1
        assert out.startswith("FORWARD DIFFERS from what it should be; with that forward pass MATCH")

    def test_stated_loss_is_the_one_that_is_judged(self, capsys):
        """A sum over the samples is no gradient of their mean."""
        file = OFFENDERS / "right_batch_sum.py"

        assert run(capsys, "verify", file)[0] == 0
        assert run(capsys, "verify", file, "--loss", "mean_squared_error")[0] == 1

    def test_rtol_is_the_error_that_matters(self, capsys):
        """1 % of noise is nothing to who asks for 5 %."""
        file = OFFENDERS / "random_backward.py"

        assert run(capsys, "verify", file)[0] == 1
        assert run(capsys, "verify", file, "--rtol", "0.05")[0] == 0


class TestExplain:
    @pytest.mark.parametrize("code", FAULTS)
    def test_every_fault_is_explained(self, capsys, code):
        """By formula and hint, in any case."""
        exit_code, out, _ = run(capsys, "explain", code.lower())

        assert exit_code == 0
        words = " ".join(out.split())
        assert FAULTS[code].name in words
        assert FAULTS[code].formula in words
        assert FAULTS[code].hint in words
        assert max(map(len, out.splitlines())) <= 80

    def test_all_are_listed(self, capsys):
        """Without a code: each with its name, 80 columns."""
        exit_code, out, _ = run(capsys, "explain")

        words = " ".join(out.split())
        assert exit_code == 0
        assert all(f"{fault.code} {fault.name}" in words for fault in FAULTS.values())
        assert max(map(len, out.splitlines())) <= 80

    def test_unknown_code_gets_the_nearest(self, capsys):
        """A typing error is answered with what was meant, and how to see what else there is."""
        code, _, err = run(capsys, "explain", "DERIV_AT_X")

        assert code == 2
        assert "close to it: DERIV_AT_Z" in err
        assert "see all by `gradcheck explain`" in err


class TestLastLineOfDefence:
    def test_fault_of_gradcheck_is_one_line_and_exit_code_5(self, capsys, monkeypatch):
        """No traceback: a submission is not to blame, and a user cannot act on it."""

        def broken(*arguments):
            raise ZeroDivisionError("planted")

        monkeypatch.setattr("gradcheck.cli.verify.verify", broken)
        code, out, err = run(capsys, "verify", "example:course-note")

        assert (code, out) == (5, "")
        assert (
            err == "gradcheck: a fault of gradcheck itself, please report it: ZeroDivisionError('planted')\n"
        )

    def test_interrupt_is_quiet(self, capsys, monkeypatch):
        """Control-C ends it with 130 and no word."""

        def interrupted(*arguments):
            raise KeyboardInterrupt

        monkeypatch.setattr("gradcheck.cli.verify.verify", interrupted)

        assert run(capsys, "verify", "example:course-note") == (130, "", "")


def test_module_can_be_run(tmp_path):
    """``python -m gradcheck`` is the same command, from any folder."""
    done = subprocess.run(
        [sys.executable, "-m", "gradcheck", "verify", "example:course-note-relu", "--json", "-"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ok"] is True
