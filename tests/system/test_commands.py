"""The command line: every verb helps, is documented, speaks JSON and ends with the code that is promised."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from support.demo import ROOT, Demo, free_port
from typer.testing import CliRunner

from examples.serve_feeds import start
from registry.cli import app


def leaves(commands: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every verb, those of a group ("review next") too; a group that does something alone ("match") is one."""
    for name, one in commands.items():
        if not hasattr(one, "commands") or one.invoke_without_command:
            yield above + name, one
        if hasattr(one, "commands"):
            yield from leaves(one.commands, f"{above}{name} ")


VERBS: dict[str, Any] = dict(leaves(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
GROUPS = {verb.rpartition(" ")[0] for verb in VERBS} - {"", *VERBS}
PAGE = (ROOT / "docs" / "commands.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^###? ([\w ]+)\n(.*?)(?=^###? |\Z)", PAGE, re.M | re.S))
CLEAN = (
    "id,title,title_lang,url,description,description_lang,type,authors,languages,license,about,level,audience,free,"
    "outcomes,modified\n"
    "x1,Introduction to Git,en,https://www.example.org/git,A first course on version control.,en,course,"
    "Statistics Example,en,CC-BY-4.0,GSBPM 3.4,beginner,statisticians,yes,Commit and share work,2026-01-05\n"
)
ENDS_EARLY = (
    "id,title,type,start,end\n"
    "x1,Introduction to Git,seminar,2026-03-02,2026-03-01\n"
    "x2,Introduction to R,seminar,2026-03-02,2026-03-03\n"
)
OAI = '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
RECORD = (
    "<record><header><identifier>oai:x:1</identifier><datestamp>2026-01-01</datestamp></header><metadata>"
    '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title xml:lang="en">Git</dc:title></oai_dc:dc></metadata></record>'
)


def call(*arguments: str, demo: Demo | None = None) -> Any:
    """Run a verb within this process: what it printed and its exit code."""
    env = demo.environment if demo else {}
    return CliRunner().invoke(app, list(arguments), env={**env, "META_ACADEMY_HTTP_RETRIES": "0"})


def test_the_page_has_a_section_for_each_verb_and_no_other() -> None:
    assert [name for name in SECTIONS if name not in GROUPS] == list(VERBS)
    assert {name for name in GROUPS if " " not in name} <= set(SECTIONS)
    issue = {"demo", "harvest", "check", "match", "publish", "serve", "query", "export", "rebuild", "doctor"}
    assert issue <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_names_exactly_the_options_and_arguments_of_a_verb(verb: str) -> None:
    options = {
        name for one in VERBS[verb].params for name in (*one.opts, *one.secondary_opts) if name.startswith("--")
    }
    rows = " ".join(re.findall(r"^\| (`.*?) \|", SECTIONS[verb], re.M))
    assert set(re.findall(r"`(--[a-z-]+)`", rows)) == options - {"--help"}
    wanted = {one.name.upper() for one in VERBS[verb].params if one.param_type_name == "argument"}
    assert set(re.findall(r"`([A-Z]+)…?`", rows)) == wanted
    for line in re.findall(r"^meta-academy (.+?)(?:#.*)?$", SECTIONS[verb], re.M):
        assert f"{line} ".startswith(f"{verb} ") and set(re.findall(r"--[a-z-]+", line)) <= options


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_explains_itself(verb: str) -> None:
    done = call(*verb.split(), "--help")
    assert done.exit_code == 0
    assert len(VERBS[verb].help) > 20 and all(one.help for one in VERBS[verb].params if one.name != "help")


def test_an_unknown_verb_or_option_is_a_fault_of_the_call() -> None:
    assert call("harvst").exit_code == 2
    assert call("doctor", "--harder").exit_code == 2


# What prints JSON prints one document.


@pytest.fixture(scope="module")
def own(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A copy of the demo for verbs that write."""
    return demo.copy(tmp_path_factory.mktemp("commands"))


@pytest.mark.parametrize("verb", ["demo", "harvest", "match", "publish", "rebuild", "doctor"])
def test_json_is_one_document(own: Demo, verb: str) -> None:
    arguments = {"demo": ["--no-serve"], "harvest": ["oecd"]}.get(verb, [])
    if verb == "harvest":
        with start(own.demo_port, edition=2):
            done = call(verb, *arguments, "--json", demo=own)
    else:
        done = call(verb, *arguments, "--json", demo=own)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)
    assert "--json" in {name for one in VERBS[verb].params for name in one.opts}


def test_the_json_of_a_check_has_texts_in_three_languages(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(ENDS_EARLY, "utf-8")
    done = call("check", str(file), "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and told["readable"] and told["complete"] and told["violations"] == 1
    assert told["titles"] == ["Introduction to R"]
    for issue in told["issues"]:
        assert all(issue["message"][language] and issue["mend"][language] for language in ("en", "fr", "es"))


# Exit codes of check.


def checked(folder: Path, name: str, content: str | bytes) -> Any:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return call("check", str(file))


def test_a_clean_list_is_0_and_says_what_the_public_will_see(tmp_path: Path) -> None:
    done = checked(tmp_path, "clean.csv", CLEAN)
    assert done.exit_code == 0, done.output
    assert "Introduction to Git" in done.stdout and "1 would be published, 0 held back" in done.stdout


def test_a_list_with_a_violation_is_1_and_says_where(tmp_path: Path) -> None:
    done = checked(tmp_path, "list.csv", ENDS_EARLY)
    assert done.exit_code == 1
    assert "in x1 · column «start» «2026-03-02»" in done.stdout and "Mend:" in done.stdout
    assert "127.0.0.1" not in done.output, "the address that a file was read from says nothing to people"


def test_a_report_comes_in_the_language_asked_for(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(ENDS_EARLY, "utf-8")
    assert "Remède" in call("check", str(tmp_path / "list.csv"), "--language", "fr").stdout
    assert "Remedio" in call("check", str(tmp_path / "list.csv"), "--language", "es").stdout
    refused = call("check", str(tmp_path / "list.csv"), "--language", "de")
    assert refused.exit_code == 2 and "en, fr, es" in refused.stderr


def test_a_list_that_breaks_off_is_1_and_what_came_before_is_shown(tmp_path: Path) -> None:
    done = checked(tmp_path, "list.xml", OAI + RECORD + "<record><header><identif")
    assert done.exit_code == 1 and "1 entries read" in done.stdout


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
        )
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (200 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("malformed.xml", OAI + "<record><header><identifier>x</identifier></hea"),
        ("entities.xml", '<!DOCTYPE x [<!ENTITY a "b">]>' + OAI + "&a;</ListRecords></OAI-PMH>"),
        ("malformed.json", '{"courses": [{"title": "Git", "language": "en"}, {"title": '),
        ("other.json", '[{"title": "Git", "language": "en"}]'),
        ("malformed.csv", 'id,title\n1,"Git\n2,R\n'),
        ("bytes.csv", bytes(range(256)) * 40),
        ("empty.csv", b""),
        ("untitled.csv", "a,b\n1,2\n"),
        ("login.csv", "<!DOCTYPE html><html><body>Please sign in</body></html>"),
        ("login.xlsx", "<!DOCTYPE html><html><body>Please sign in</body></html>"),
        ("cut.xlsx", b"PK\x03\x04 and no more"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("nothing.html", "<!DOCTYPE html><html><body>No description.</body></html>"),
    ],
)
def test_what_cannot_be_read_is_2_and_says_so(tmp_path: Path, name: str, content: str | bytes) -> None:
    done = checked(tmp_path, name, content)
    assert done.exit_code == 2, done.output
    assert name in done.stderr and "Traceback" not in done.output and done.exception.__class__ is SystemExit
    assert len(done.stderr) > len(name) + 30


def test_a_bomb_in_an_archive_is_2_and_soon(tmp_path: Path) -> None:
    done = checked(tmp_path, "bomb.xlsx", bomb())
    assert done.exit_code == 2 and "bomb.xlsx" in done.stderr


def test_what_is_not_there_is_2(tmp_path: Path) -> None:
    absent = call("check", str(tmp_path / "absent.csv"))
    assert absent.exit_code == 2 and "absent.csv" in absent.stderr
    port = free_port()
    closed = call("check", f"http://127.0.0.1:{port}/list.csv", demo=None)
    assert closed.exit_code == 2 and str(port) in closed.stderr


def test_unreadable_is_json_too(tmp_path: Path) -> None:
    done = call("check", str(tmp_path / "absent.csv"), "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["readable"] is False


# Exit codes of the others.


def test_a_bad_academy_is_2_with_file_and_line(own: Demo, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(
        'name = "A"\nhomepage = "https://www.example.org"\ncolour = "blue"\n', "utf-8"
    )
    (tmp_path / "broken.toml").write_text('name = "A\n', "utf-8")
    env = {"META_ACADEMY_DATA": str(tmp_path / "var"), "META_ACADEMY_ACADEMIES": str(tmp_path)}
    for verb in ("harvest", "publish", "doctor"):
        done = CliRunner().invoke(app, [verb], env=env)
        assert done.exit_code == 2, done.output
        assert "wrong.toml, line 3" in done.stderr and "colour" in done.stderr
        assert re.search(r"broken\.toml.*line 1", done.stderr)


def test_a_bad_setting_is_2() -> None:
    done = CliRunner().invoke(app, ["doctor"], env={"META_ACADEMY_PORT": "eighty"})
    assert done.exit_code == 2 and "META_ACADEMY_PORT" in done.stderr and "eighty" in done.stderr
    done = CliRunner().invoke(app, ["doctor"], env={"META_ACADEMY_COLOUR": "blue"})
    assert done.exit_code == 2 and "META_ACADEMY_COLOUR" in done.stderr


def test_an_unknown_source_is_2_and_the_known_ones_are_named(own: Demo) -> None:
    done = call("harvest", "nowhere", demo=own)
    assert done.exit_code == 2 and "nowhere" in done.stderr and "oecd" in done.stderr


def test_a_list_that_does_not_answer_is_1_and_what_was_public_stays(own: Demo) -> None:
    done = call("harvest", "oecd", "--json", demo=own)
    assert done.exit_code == 1
    (run,) = json.loads(done.stdout)
    assert run["outcome"] == "failed" and run["message"] and run["counts"]["published"] == 6


def test_a_query_that_cannot_be_asked_is_2(own: Demo, tmp_path: Path) -> None:
    for text in ("SELECT ?s WHERE {", "INSERT DATA { <a:a> <a:b> <a:c> }", f"@{tmp_path / 'absent.rq'}"):
        done = call("query", text, demo=own)
        assert done.exit_code == 2 and done.stderr.strip() and "Traceback" not in done.output, text
    refused = call("query", "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", demo=own)
    assert refused.exit_code == 2 and "SERVICE" in refused.stderr
    other = call("query", "--format", "ttl", "ASK {}", demo=own)
    assert other.exit_code == 2 and "csv" in other.stderr


def test_an_export_to_another_ending_or_nowhere_is_2(own: Demo, tmp_path: Path) -> None:
    for target in (tmp_path / "graph.pdf", tmp_path / "absent" / "graph.nq"):
        done = call("export", str(target), demo=own)
        assert done.exit_code == 2 and target.name in done.stderr
        assert not target.exists()
    done = call("export", str(tmp_path / "graph.nq.gz"), demo=own)
    assert done.exit_code == 0 and (tmp_path / "graph.nq.gz").stat().st_size > 10_000


def test_without_a_release_query_and_export_are_2_and_say_what_to_do(tmp_path: Path) -> None:
    env = {"META_ACADEMY_DATA": str(tmp_path / "var")}
    for arguments in (["query", "ASK {}"], ["export", str(tmp_path / "x.nq")]):
        done = CliRunner().invoke(app, arguments, env=env)
        assert done.exit_code == 2 and "meta-academy publish" in done.stderr
