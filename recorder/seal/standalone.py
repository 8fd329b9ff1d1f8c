"""The checker as one file, ``verify.py``, to travel with a case file.

The modules of ``recorder.seal.check`` are joined in the order of their imports, so the script in
a case file from years ago is the checker that was tested then, and a reader has one text to read.
"""

import ast
import functools
from pathlib import Path

PACKAGE = "recorder.seal.check"
_MAIN = "command"
_HEAD = '''#!/usr/bin/env python3
"""核验望守封存的证据；离线运行，仅需 Python 3.10 以上和 cryptography 42 以上。
Check evidence sealed by Wardwatch; offline, Python 3.10 or later with ``cryptography`` 42.

    python verify.py CASE.zip [--trust station.pem] [--stamp-roots roots.pem] [--json]
"""

from __future__ import annotations
'''
_TAIL = """

if __name__ == "__main__":
    sys.exit(main())
"""


class NameTakenError(Exception):
    """Two modules give the same name to different things, so they cannot be joined."""


@functools.cache
def verify_script() -> str:
    """The text of ``verify.py``.

    Raises:
        NameTakenError: a defect of the modules, which the tests would have shown.
    """
    folder = Path(__file__).parent / "check"
    order: list[str] = []
    _visit(folder, _MAIN, order)
    imports: set[str] = set()
    bodies: list[str] = []
    taken: dict[str, str] = {}
    for module in order:
        source = (folder / f"{module}.py").read_text(encoding="utf-8")
        tree = ast.parse(source)
        for name in _defined(tree):
            if name in taken:
                raise NameTakenError(f"{name}: in {taken[name]}.py and in {module}.py")
            taken[name] = module
        outside, body = _split(tree, source)
        imports |= outside
        title = (ast.get_docstring(tree) or "").replace("\n", "\n# ")
        bodies.append(f"\n\n# ---- {module}\n# {title}\n\n{body}\n")
    plain = sorted(one for one in imports if one.startswith("import "))
    named = sorted(imports - set(plain))
    return _HEAD + "\n" + "\n".join(plain + named) + "".join(bodies) + _TAIL


def _visit(folder: Path, module: str, order: list[str]) -> None:
    tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            needed = (node.module or "").removeprefix(f"{PACKAGE}.")
            if needed not in order:
                _visit(folder, needed, order)
    if module not in order:
        order.append(module)


def _defined(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {
                one.id
                for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
    return names


def _split(tree: ast.Module, source: str) -> tuple[set[str], str]:
    """Imports from outside, and what follows the imports, as it was written."""
    outside: set[str] = set()
    last_line = 0
    for number, node in enumerate(tree.body):
        docstring = number == 0 and isinstance(node, ast.Expr)
        if not docstring and not isinstance(node, ast.Import | ast.ImportFrom):
            break
        last_line = node.end_lineno or 0
        if isinstance(node, ast.Import):
            outside |= {f"import {one.name}" for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(PACKAGE):
            outside |= {f"from {node.module} import {one.name}" for one in node.names}
    return outside, "\n".join(source.splitlines()[last_line:]).strip()
