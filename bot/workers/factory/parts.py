"""Separates a program's source into the program and the statements that try it out. Pure."""

import ast

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_PLAIN = (ast.Assert, ast.Assign, ast.Expr)


class Parts:
    """The parts of a program's source.

    Attributes:
        program: Pieces of source, with comments.
        example: Statements, unparsed from the tree.
        defined: The names of functions and classes.
        names: All names that the program binds.
    """

    def __init__(self, source: str, tree: ast.Module) -> None:
        self.program: list[str] = []
        self.example: list[str] = []
        self.defined: list[str] = []
        self.names: set[str] = set()
        self._main: list[str] = []
        self._tests: dict[str, str] = {}
        self._inlined: set[str] = set()
        self._needed = _names_needed(tree)
        lines, end = source.splitlines(), 0
        for node in tree.body:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            piece = ast.unparse(node) if first <= end else "\n".join(lines[end : node.end_lineno])
            end = node.end_lineno or end
            self._sort(node, piece)
        called = "\n".join(self.example)
        calls = [f"{test}()" for test in self._tests if f"{test}(" not in called]
        self.example = [*self._tests.values(), *self.example, *calls]
        self.example = [part for part in self.example if part not in self._inlined] or self._main

    def _sort(self, node: ast.stmt, piece: str) -> None:
        match node:
            case ast.FunctionDef(name=name, args=ast.arguments(args=[])) if name.startswith("test"):
                self._add_test(name, node)
                return
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.defined.append(name)
            case ast.ClassDef(name=name):
                self.defined.append(name)
            case ast.If() if "__name__" in ast.unparse(node.test):
                self._main = [ast.unparse(statement) for statement in node.body]
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return  # the model's guess at its own file's name
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                pass
            case _ if not _bound(node) & self._needed:
                self.example.append(ast.unparse(node))
                return
        self.program.append(piece)
        self.names |= _bound(node)

    def _add_test(self, name: str, node: ast.stmt) -> None:
        """Add a test. One that only asserts is inlined, so that each check counts separately."""
        body = getattr(node, "body", [])
        if not all(isinstance(part, _PLAIN) for part in body):
            self._tests[name] = ast.unparse(node)
            return
        self._inlined.add(f"{name}()")
        self.example += [ast.unparse(part) for part in body if not _is_docstring(part)]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds."""
    match node:
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return {alias.asname or alias.name.split(".")[0] for alias in aliases}
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inner = (part for target in targets for part in ast.walk(target))
            return {part.id for part in inner if isinstance(part, ast.Name)}
        case ast.Try(body=body) | ast.If(body=body):
            return set().union(*map(_bound, body))
    return set()


def _names_needed(tree: ast.Module) -> set[str]:
    """Return the names that definitions use, and those that their constants use."""
    needed: set[str] = set()
    for node in reversed(tree.body):
        test = isinstance(node, _Function) and node.name.startswith("test")
        definition = isinstance(node, _Function | ast.ClassDef) and not test
        if definition or (isinstance(node, ast.Assign | ast.AnnAssign) and _bound(node) & needed):
            needed |= {
                part.id
                for part in ast.walk(node)
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
            }
    return needed
