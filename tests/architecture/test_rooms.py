"""The rules of the house (docs/architecture.md): who may import whom, and who alone may touch what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = sorted([*(ROOT / "registry").rglob("*.py"), *(ROOT / "harvesters").rglob("*.py")])
SHARED = {
    "model", "iris", "terms", "settings", "net", "net_body", "net_guard", "net_pace", "relations", "messages", "tables",
}  # fmt: skip
READS = SHARED | {"__version__", "ledger", "release", "vocabulary", "shape_texts", "academies", "academies_known"}
STAGES = (
    "harvesters",
    "detection",
    "crosswalk",
    "prepare",
    "matching",
    "graph",
    "search",
    "statistics",
    "federation",
    "web",
    "workbook",
    "annotation",
    "report",
    "review",
)
# A stage's own first step, or what it shows: named one by one, with the reason.
GRANTED = {
    ("prepare", "crosswalk"): "crosswalk is the first step of prepare",
    ("prepare", "annotation"): "annotation is a step of prepare",
    ("report", "crosswalk"): "what mends a value is found by those who read values",
    ("web", "report"): "an academy's report is a page",
    ("web", "workbook"): "the template is a download",
    ("detection", "harvesters"): "what can be read decides what can be found",
    ("web", "graph"): "the web hands queries to the query workers",
    ("web", "search"): "lists and filters are read from the search index",
    ("web", "statistics"): "figures are read from the release",
    ("harvesters", "harvesters"): "",
}
FENCES = {
    "httpx": ("net.py", "net_body.py", "net_guard.py", "graph/remote.py"),  # the store driver is the named exception
    "httpcore": ("net.py", "net_body.py", "net_guard.py"),
    "requests": (),
    # getproxies and proxy_bypass, no transport; the way out that SPARQLWrapper is given
    "urllib.request": ("net_guard.py", "graph/remote_query.py"),
    "pyoxigraph": ("graph/", "__main__.py"),
    "SPARQLWrapper": ("graph/",),
    "pyshacl": ("prepare/",),
    "splink": ("matching/",),
    "duckdb": ("matching/", "statistics/"),
    "fastapi": ("web/",),
    "starlette": ("web/",),
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            pytest.fail(f"{file}: relative import")
    return found


def room(file: Path) -> str:
    parts = file.relative_to(ROOT).parts
    return "harvesters" if parts[0] == "harvesters" else parts[1].removesuffix(".py")


def rooms_imported(file: Path) -> set[str]:
    found = set()
    for name in imports(file):
        parts = name.split(".")
        if parts[0] == "harvesters":
            found.add("harvesters")
        elif parts[0] == "registry" and len(parts) > 1:
            found.add(parts[1])
    return found


@pytest.mark.parametrize("file", [f for f in FILES if room(f) in STAGES], ids=lambda f: str(f.relative_to(ROOT)))
def test_a_stage_imports_no_other_stage(file: Path) -> None:
    own = room(file)
    for other in rooms_imported(file) - {own}:
        if other in STAGES:
            assert (own, other) in GRANTED, f"{file.relative_to(ROOT)} imports the room {other}"
        else:
            assert other in READS, f"{file.relative_to(ROOT)} imports {other}: only pipeline and cli know the order"


def test_model_and_terms_import_nothing_of_ours() -> None:
    for name in ("model", "terms"):
        assert not rooms_imported(ROOT / "registry" / f"{name}.py")


@pytest.mark.parametrize("library", FENCES)
def test_fences(library: str) -> None:
    for file in FILES:
        used = any(name == library or name.startswith(library + ".") for name in imports(file))
        if used:
            relative = str(file.relative_to(ROOT / "registry")) if room(file) != "harvesters" else str(file)
            assert relative.startswith(FENCES[library]), f"{file.relative_to(ROOT)} uses {library}"


def test_modules_are_small() -> None:
    long = {str(f.relative_to(ROOT)): n for f in FILES if (n := len(f.read_text("utf-8").splitlines())) > 420}
    assert not long


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_every_public_thing_says_what_it_is_for(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    bare = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            bare += [] if ast.get_docstring(node) else [node.name]
    assert not bare


def test_no_import_time_work() -> None:
    """Importing a room opens nothing and reads nothing: no calls at module level that touch files or network."""
    forbidden = {"open", "connect", "read_text", "read_bytes", "mkdir", "get", "load"}
    for file in FILES:
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.Expr) and node.value is not None:
                for call in (n for n in ast.walk(node.value) if isinstance(n, ast.Call)):
                    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                    assert name not in forbidden, f"{file.relative_to(ROOT)}:{call.lineno} calls {name} at import"


def test_nothing_names_this_machine_or_an_index() -> None:
    # Works have addresses of their own: "/id/work/w1", a page under a base ("}/work/w1") or of a route ("/work/{").
    words = re.compile(r"(?<!/id)(?<!\})/work/(?!\{)|index-url|extra-index|--find-links")
    assert words.search("in /work/main") and not words.search('f"{base}/id/work/{name}"')
    texts = [
        *FILES,
        *(ROOT / "locks").glob("*"),
        ROOT / "Dockerfile",
        ROOT / "pyproject.toml",
        *(ROOT / "docs").rglob("*.md"),
    ]
    for file in texts:
        text = file.read_text("utf-8")
        assert not words.findall(text), file
