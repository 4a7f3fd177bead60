"""Results on disk: every student has a file of their own, written whole, whatever the names."""

import json
from unittest import mock

from graded import classes, words
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck.grading.exporting import PLACES, export, file_names
from gradcheck.grading.summary import summary


@given(st.lists(words, max_size=6))
def test_file_names_are_plain_and_differ(students):
    """On file systems that do not tell upper from lower case, too."""
    names = file_names(students)

    assert len({name.casefold() for name in names}) == len(students)
    assert all(name and name.replace(".", "").replace("-", "").replace("_", "").isalnum() for name in names)
    assert not any(name.startswith((".", "-")) for name in names)


def test_plain_names_are_kept():
    """Letters of any alphabet; the second of two that would be one gets a number."""
    assert file_names(["Ada Lovelace_12", "山田", "../x", "Ann", "ann"]) == [
        "Ada_Lovelace_12", "山田", "x", "Ann", "ann-2"
    ]  # fmt: skip


@settings(max_examples=30)
@given(classes)
def test_every_format_is_written_whole(tmp_path_factory, results):
    """In UTF-8, with nothing left over; a class of one is a list, too."""
    out = tmp_path_factory.mktemp("out")
    with mock.patch("gradcheck.grading.exporting.find_spec", return_value=None):  # drawing takes long
        export(results, out, list(PLACES))
    text = {path.relative_to(out): path.read_bytes().decode() for path in out.rglob("*") if path.is_file()}

    assert {path.parts[0] for path in text} == {*PLACES.values(), "students"}
    assert len(list((out / "gradescope").iterdir())) == len(results)
    assert len(list((out / "students").iterdir())) == len(results)
    assert len(json.loads((out / "results.json").read_text())) == len(results)


@given(classes)
def test_summary_counts_each_submission(results):
    """In 80 columns; a mistake as often as there are submissions with it."""
    lines = summary(results).splitlines()

    assert lines[0].startswith(f"{len(results)} submissions: ")
    assert all(len(line) <= 80 for line in lines if not line.startswith("needs a look"))
    for mistake in {mistake for result in results for mistake in result["mistakes"]}:
        count = sum(mistake in result["mistakes"] for result in results)
        assert any(line.split()[:2] == [str(count), mistake] for line in lines)
