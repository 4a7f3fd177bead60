"""Which top-level statements of a file its functions need.

Course files train, print and plot when they are imported. Only what the wanted names rest on
is run: definitions, imports and assignments, followed from name to name; never a loop, never a
bare call. `sys.path` calls are kept, because imports rest on them.
This module imports nothing of gradcheck, since the submission's process loads it.
"""

import ast
import dis
import fnmatch
import types
from collections.abc import Iterable, Iterator

ALWAYS = "*"
_LOADS = ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT")


def select(tree: ast.Module, wanted: Iterable[str], given: Iterable[str] = ()) -> ast.Module:
    """Return the module reduced to what the wanted names rest on, in the order of the file.

    Parameters
    ----------
    tree : ast.Module
    wanted : iterable of str
        Patterns of top-level names, and of ``Class.method`` (see `fits`).
    given : iterable of str
        Names that need not be made by the file.

    Returns
    -------
    ast.Module
    """
    bound = [(statement, set(_binds(statement))) for statement in tree.body]
    bound = [(statement, binds - {*given}) for statement, binds in bound]
    kept: set[int] = set()
    patterns = list(wanted)
    every = {name for _, binds in bound for name in binds}
    names = {name for name in every if any(fits(name, pattern) for pattern in patterns)} | {ALWAYS}
    while True:
        new = {i for i, (_, binds) in enumerate(bound) if i not in kept and binds & names}
        if not new:
            break
        kept |= new
        names |= {name for i in new for name in _reads(bound[i][0])}
    return ast.Module([statement for i, (statement, _) in enumerate(bound) if i in kept], [])


def names_bound(tree: ast.Module) -> list[str]:
    """Return the names that a file binds at its top level, methods as ``Class.method``."""
    return [name for statement in tree.body for name in _binds(statement)]


def fits(name: str, pattern: str) -> bool:
    """Tell whether a name fits a pattern: ``*`` is any text, ``|`` separates alternatives."""
    return any(fnmatch.fnmatchcase(name, part) for part in pattern.split("|"))


def returned_names(function: ast.FunctionDef) -> list[str | None]:
    """Return the names of a function's last ``return``, None for what is not a plain name."""
    returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    if not returns:
        return []
    value = returns[-1]
    items = value.elts if isinstance(value, ast.Tuple | ast.List) else [value]
    return [item.id if isinstance(item, ast.Name) else None for item in items]


def _binds(statement: ast.stmt) -> Iterator[str]:
    """Yield the global names that a statement gives or changes, or `ALWAYS`; methods with their class."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name
        case ast.ClassDef():
            yield from _class(statement)
        case ast.Import() | ast.ImportFrom():
            for alias in statement.names:
                yield (alias.asname or alias.name).partition(".")[0]
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from (name for target in targets for name in _targets(target))
        case ast.Expr(ast.Call(ast.Attribute() as function)):
            yield ALWAYS if ast.unparse(function).startswith("sys.path.") else ""
        case ast.If() | ast.Try() | ast.With():
            for child in ast.iter_child_nodes(statement):
                yield from _binds_inside(child)
        case _:
            return


def _class(statement: ast.ClassDef) -> Iterator[str]:
    yield statement.name
    yield from (f"{statement.name}.{n.name}" for n in statement.body if isinstance(n, ast.FunctionDef))


def _binds_inside(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.stmt):
        yield from _binds(node)
    elif isinstance(node, ast.ExceptHandler):
        for statement in node.body:
            yield from _binds(statement)


def _targets(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id


def _reads(statement: ast.stmt) -> set[str]:
    """Return the global names a statement loads; the compiler knows them from the local ones."""
    codes = [compile(ast.Module([statement], []), "<selection>", "exec")]
    names = set()
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        instructions = dis.get_instructions(code)
        names |= {i.argval for i in instructions if i.opname.startswith(_LOADS)}
    return names
