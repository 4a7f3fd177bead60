"""Which statements of a file are run: those that the wanted names rest on."""

import ast

import pytest

from gradcheck.submissions.selection import returned_names, select


def kept(source: str, *names: str) -> list[str]:
    return [ast.unparse(node) for node in select(ast.parse(source), names).body]


@pytest.mark.parametrize(
    "statement",
    [
        "f()",
        "y = f()",
        "for i in range(3):\n    a = f()",
        "while True:\n    a = 1",
        "print(a)",
        "1 / 0",
        "import plt",
    ],
)
def test_what_no_wanted_name_rests_on_is_left_out(statement):
    """Training, printing and plotting at top level."""
    source = f"a = 1\ndef f():\n    return a\n{statement}"

    assert kept(source, "f") == ["a = 1", "def f():\n    return a"]


@pytest.mark.parametrize(
    "statement",
    [
        "import a",
        "import a.b",
        "from m import a",
        "from m import b as a",
        "a = g()",
        "a: int = 1",
        "a, b = (1, 2)",
        "class a:\n    pass",
        "def a():\n    pass",
        "try:\n    import a\nexcept ImportError:\n    a = None",
        "if True:\n    a = 1",
        "a['W1'] = 1",
        "from m import *",
        "sys.path.append('..')",
    ],
)
def test_what_a_function_rests_on_is_kept(statement):
    """Whatever binds the name."""
    source = f"{statement}\ndef f():\n    return a"

    assert kept(source, "f")[0] == ast.unparse(ast.parse(statement))


def test_it_follows_from_name_to_name():
    """A function, its constant, and what makes the constant."""
    source = "n = 3\ndef make():\n    return n\nw = make()\nunused = make()\ndef f():\n    return w"

    assert kept(source, "f") == ["n = 3", "def make():\n    return n", "w = make()", "def f():\n    return w"]


def test_local_names_are_not_needed():
    """An argument x does not need the global x."""
    source = "x = load()\ndef f(x):\n    y = x\n    return y\ny = f(x)"

    assert kept(source, "f") == ["def f(x):\n    y = x\n    return y"]


def test_names_of_the_return_are_read():
    """None stands for an expression."""
    [function] = ast.parse("def f():\n    return z1, y + 1").body

    assert returned_names(function) == ["z1", None]
