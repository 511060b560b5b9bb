"""The stored queries as a dashboard meets them: a served demo, whole answers, the texts to copy run as they stand."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from rdflib import Graph
from support.demo import BASE, ROOT, get

from registry.web import stored_formats as formats
from registry.web.stored import Parameter, StoredQuery, load_queries

FOLDER = ROOT / "ontology" / "questions"
QUESTIONS = list(load_queries(FOLDER, f"{BASE}/").values())
# Of an answer that is long, or moves with the days, a part stands in its file.
CHOSEN = {"coverage": {"academy": "unece", "language": "en"}, "quality-history": {"measure": "completeness"}}
FORGED = ('" } UNION { ?s ?p ?o } #', "> . ?s ?p ?o #", "a\nb", "a\\", "' OR 1=1 --", "%", "*")


def named(question: StoredQuery) -> str:
    return question.name


def rows(served: str, name: str, parameters: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The answer as JSON."""
    status, body = get(f"{served}/q/{name}.json?{urlencode(parameters or {}, quote_via=quote)}")
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)
    return found


def plain(cell: formats.Cell) -> formats.Cell:
    """A cell without the month in which the demo was made, and without the id that a course got then."""
    if not isinstance(cell, str):
        return cell
    return "(month)" if re.fullmatch(r"20\d\d-\d\d", cell) else re.sub(r"/id/work/w[0-9a-z]+$", "/id/work/(id)", cell)


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_the_answer_is_the_expected_one_typed(served: str, question: StoredQuery) -> None:
    with (FOLDER / f"{question.name}.csv").open(encoding="utf-8", newline="") as file:
        heading, *lines = csv.reader(file)
    wanted = [
        tuple(
            formats.cell(text, column) if text else None for text, column in zip(line, question.columns, strict=True)
        )
        for line in lines
    ]
    found = rows(served, question.name, CHOSEN.get(question.name))
    assert heading == [column.name for column in question.columns] == list(found[0])
    assert [tuple(plain(cell) for cell in row.values()) for row in found] == wanted


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_all_formats_say_the_same(served: str, question: StoredQuery) -> None:
    whole = [tuple(row.values()) for row in rows(served, question.name)]
    assert whole
    assert formats.from_srj(get(f"{served}/q/{question.name}.srj")[1], question) == whole
    _, *lines = csv.reader(io.StringIO(get(f"{served}/q/{question.name}.csv")[1].decode(), newline=""))
    assert [tuple(formats.cell(t, c) if t else None for t, c in zip(line, question.columns, strict=True))
            for line in lines] == [tuple(None if cell == "" else cell for cell in row) for row in whole]  # fmt: skip
    told = json.loads(get(f"{served}/q/{question.name}.meta.json")[1])
    assert [one["name"] for one in told["tableSchema"]["columns"]] == list(rows(served, question.name)[0])
    assert told["url"] == f"{BASE}/q/{question.name}.csv"


def selecting(question: StoredQuery) -> list[Parameter]:
    """Parameters that are columns too: they keep the rows that have their value."""
    names = {column.name for column in question.columns}
    return [parameter for parameter in question.parameters if parameter.name in names]


@pytest.mark.parametrize("question", [one for one in QUESTIONS if selecting(one)], ids=named)
def test_a_parameter_keeps_the_rows_that_have_its_value(served: str, question: StoredQuery) -> None:
    whole = rows(served, question.name)
    for parameter in selecting(question):
        values = list(dict.fromkeys(row[parameter.name] for row in whole if row[parameter.name] is not None))
        assert values
        for value in (values[0], values[-1]):
            assert not parameter.choices or value in parameter.choices
            kept = [row for row in whole if row[parameter.name] == value]
            assert rows(served, question.name, {parameter.name: value}) == kept, (parameter.name, value)


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.parameters], ids=named)
def test_forged_values_find_nothing_and_break_nothing(served: str, question: StoredQuery) -> None:
    for parameter in question.parameters:
        for forged in FORGED:
            address = f"{served}/q/{question.name}.json?{parameter.name}={quote(forged, safe='')}"
            status, body = get(address)
            if parameter.datatype == "string" and not parameter.choices:
                assert (status, json.loads(body)) == (200, [])
            else:
                assert status == 400 and [one["parameter"] for one in json.loads(body)["errors"]] == [parameter.name]


def test_what_came_since_a_day(served: str) -> None:
    assert rows(served, "new-or-changed", {"since": "2000-01-01"}) == rows(served, "new-or-changed")
    assert rows(served, "new-or-changed", {"since": "2100-01-01T00:00:00Z"}) == []


def copied(served: str, question: StoredQuery, program: str) -> str:
    """The text for a program as it stands on the query's page."""
    page = get(f"{served}/q/{question.name}?lang=fr", {"Accept": "text/html"})[1].decode()
    found = re.search(rf"<summary>{program}</summary>.*?<pre[^>]*><code>(.*?)</code>", page, re.DOTALL)
    assert found
    return html.unescape(found[1]).replace(BASE, served)


def test_the_text_for_r_runs_as_it_is_copied(served: str, tmp_path: Path) -> None:
    if (program := shutil.which("Rscript")) is None:
        if os.environ.get("CI"):
            pytest.fail("R must be there in CI")
        pytest.skip("no R on this machine (Debian: r-base-core)")
    script = []
    for question in QUESTIONS:
        found = rows(served, question.name)
        numbers = [c.name for c in question.columns if c.datatype in ("integer", "decimal")]
        names = ", ".join(f'"{column.name}"' for column in question.columns)
        script += [copied(served, question, "R"), f"stopifnot(identical(names(data), c({names})))"]
        script.append(f"stopifnot(nrow(data) == {len(found)})")
        script += [f"stopifnot(is.numeric(data${name}))" for name in numbers]
        for name in numbers:
            total = sum(row[name] or 0 for row in found)
            script.append(f"stopifnot(abs(sum(data${name}, na.rm = TRUE) - {total}) < 0.01)")
    file = tmp_path / "copied.R"
    file.write_text("\n".join([*script, 'cat("all of them\\n")']), "utf-8")
    done = subprocess.run([program, str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and done.stdout.endswith("all of them\n"), done.stderr[-2000:]


def test_the_text_for_python_runs_as_it_is_copied(served: str) -> None:
    script = []
    for question in QUESTIONS:
        script += [copied(served, question, "Python"), f"assert len(rows) == {len(rows(served, question.name))}"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_examples_are_found_by_editors(served: str) -> None:
    body = get(f"{served}/.well-known/sparql-examples", {"Accept": "text/turtle"})[1]
    graph = Graph().parse(data=body.decode(), format="turtle")
    # As the editors of the field ask for them.
    text = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT DISTINCT ?sq ?comment ?query WHERE {
          ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select|sh:ask|sh:construct|sh:describe ?query .
          FILTER(LANG(?comment) = "en")
        } ORDER BY ?sq"""
    wanted = sorted((f"{BASE}/q/{question.name}", question.text.strip()) for question in QUESTIONS)
    assert [(str(row["sq"]), str(row["query"]).strip()) for row in graph.query(text)] == wanted  # type: ignore[index]
    answer = json.loads(get(f"{served}/sparql?{urlencode({'query': text})}", {"Accept": "application/json"})[1])
    found = [(row["sq"]["value"], row["query"]["value"].strip()) for row in answer["results"]["bindings"]]
    assert found == wanted


@pytest.mark.parametrize("name", ["coverage", "overlap"])
def test_all_that_a_page_offers_is_there(served: str, name: str) -> None:
    """A cube holds 5,000 observations: the page of a longer answer offers none."""
    page = get(f"{served}/q/{name}", {"accept": "text/html"})[1].decode()
    offered = set(re.findall(rf'href="(/q/{name}\.[^"]+)"', page))
    assert len(offered) >= 6 and (f"/q/{name}.ttl" in offered) == (len(rows(served, name)) <= 5000)
    for address in offered:
        assert get(served + html.unescape(address))[0] == 200, address
