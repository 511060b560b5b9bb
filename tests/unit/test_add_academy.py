"""An academy is added by an address: what is written, what never is, and that a visit reads it as it stands."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from registry import academies, cli
from registry.pipeline.add import CannotAdd, Wish, _id_of, _quoted, plan, write
from registry.settings import Settings
from tests.support import sites
from tests.support.sites import Site, home, served

TABLE = Site({"/": home('<a href="/list.csv">Nos cours</a>'), "/list.csv": ("text/csv", sites.TABLE)})
NEWS = Site({"/": home(head='<link rel="alternate" type="application/rss+xml" href="/news.xml">'),
             "/news.xml": ("text/xml", sites.RSS)})  # fmt: skip
MINE = Wish(id="inv", private=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry's data folder, where what is read from the schemes is kept."""
    folder = tmp_path_factory.mktemp("var")
    (folder / "cache").mkdir()
    return folder


@pytest.fixture
def settings(tmp_path: Path, data: Path) -> Settings:
    return Settings(data=data, academies=tmp_path / "academies", http_retries=0, http_delay=0.0, workers=1)


def test_what_is_written_is_read_back_and_explained(settings: Settings) -> None:
    with served(TABLE) as root:
        made = plan(settings, root + "/", MINE)
        assert not made.path.exists() and not settings.academies.exists()
        write(made)
        academy = academies.load(settings.academies)["inv"]
        feed = academy.feeds[0]
        assert (academy.name, academy.homepage, academy.contact) == (
            {"fr": "Office statistique inventé"},
            root + "/",
            None,
        )
        assert (feed.id, feed.protocol, feed.address, feed.language) == (
            "inv-courses",
            "table",
            root + "/list.csv",
            "fr",
        )
        assert (feed.expect.min_records, feed.permission) == (1, "none")
        assert feed.allow_hosts == (root.removeprefix("http://"),)
        assert made.command == "meta-academy harvest inv-courses"
        # Every line that says something has its reason above it.
        lines = made.text.splitlines()
        for number, line in enumerate(lines):
            if line.startswith(
                ("name", "homepage", "language", "permission", "allow_hosts", "min_records", "max_drop")
            ):
                assert lines[number - 1].startswith("#"), line
        with pytest.raises(CannotAdd, match="there already"):
            plan(settings, root + "/", MINE)
        with pytest.raises(CannotAdd, match="nothing is overwritten"):
            write(made)


def test_a_second_list_is_added_to_the_file_and_the_rest_stays_as_it_is(settings: Settings) -> None:
    settings.academies.mkdir()
    own = '# mine\nname = "Invented"\nhomepage = "https://inv.example"  # kept\n\n[[feeds]]\nid = "inv-news"\n'
    own += 'protocol = "table"\naddress = "https://inv.example/a.csv"\n'
    file = settings.academies / "inv.toml"
    file.write_text(own, "utf-8")
    with served(NEWS) as root:
        made = plan(settings, root + "/", MINE)
        file.write_text(own + "# changed meanwhile\n", "utf-8")
        with pytest.raises(CannotAdd, match="changed meanwhile"):
            write(made)
        file.write_text(own, "utf-8")
        write(made)
    assert file.read_text("utf-8").startswith(own)
    assert [feed.id for feed in academies.load(settings.academies)["inv"].feeds] == ["inv-news", "inv-news-2"]
    assert [path.name for path in settings.academies.iterdir()] == ["inv.toml"]


def test_a_private_address_needs_a_word(settings: Settings) -> None:
    with served(TABLE) as root:
        TABLE.asked.clear()
        with pytest.raises(CannotAdd, match="--allow-private"):
            plan(settings, root + "/", Wish(id="inv"))
        assert TABLE.asked == []


@pytest.mark.parametrize(
    ("address", "said"),
    [("list.csv", "no address"), ("ftp://e.example/x", "no address"), ("https://me:secret@e.example/x", "password")],
)
def test_what_cannot_be_added_is_said(settings: Settings, address: str, said: str) -> None:
    with pytest.raises(CannotAdd, match=said) as error:
        plan(settings, address, Wish())
    assert "secret" not in str(error.value)


def test_a_single_record_and_a_site_without_lists_are_refused(settings: Settings) -> None:
    lom = '<lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general><title><string>x</string></title></general></lom>'
    with served(Site({"/one.xml": ("text/xml", lom), "/": home()})) as root:
        with pytest.raises(CannotAdd, match="no list"):
            plan(settings, root + "/one.xml", MINE)
        with pytest.raises(CannotAdd, match="404"):
            plan(settings, root + "/", MINE)
    assert not settings.academies.exists()


def test_hostile_names_stay_texts(settings: Settings) -> None:
    title = 'A" }\nprotocol = "git"\n# \\u0000 ] \u202e'
    page = f'<html lang=\'x"\ny\'><head><title>{title}</title></head><body><a href="/list.csv">c</a></body></html>'
    with served(Site({"/": (sites.HTML, page), "/list.csv": ("text/csv", sites.TABLE)})) as root:
        made = plan(settings, root + "/", MINE)
    read = tomllib.loads(made.text)
    assert list(read["name"]) == ["en"] and set(read) == {"name", "homepage", "feeds"}
    assert read["feeds"][0]["protocol"] == "table"
    assert tomllib.loads(f"a = {_quoted(title)}")["a"].startswith('A" }')


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://www.istat.it/corsi", "istat"), ("https://moodle.unece.org/", "unece"),
        ("https://learning.ons.gov.uk/x", "ons"), ("https://github.com/carpentries-es/r", "carpentries-es"),
        ("https://www.inegi.org.mx", "inegi"), ("https://academy.europa.eu", "europa"), ("https://data.gov", "data"),
    ],
)  # fmt: skip
def test_a_short_name_follows_from_the_host(address: str, name: str) -> None:
    assert _id_of(address) == name


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000/", "http://localhost/", "http://[::1]/"])
def test_where_none_follows_one_is_asked_for(address: str) -> None:
    with pytest.raises(CannotAdd, match="--id"):
        _id_of(address)


def test_add_and_harvest_are_all_that_an_academy_needs(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACADEMY_DATA", str(data))
    monkeypatch.setenv("META_ACADEMY_ACADEMIES", str(tmp_path / "academies"))
    monkeypatch.setenv("META_ACADEMY_WORKERS", "1")
    run = CliRunner()
    site = Site({"/": home('<a href="/oai">Notices</a>'), **sites.oai_pages(records=5)})
    with served(site) as root:
        call = ["add", root + "/", "--id", "inv", "--name", "Invented Office", "--language", "en", "--allow-private"]
        refused = run.invoke(cli.app, call, input="n\n")
        assert refused.exit_code == 1 and not (tmp_path / "academies").exists()
        added = run.invoke(cli.app, [*call, "--yes", "--json"])
        told = json.loads(added.stdout)
        assert (added.exit_code, told["feed"], told["counts"]["records"]) == (0, "inv-oai", 5)
        first = json.loads(run.invoke(cli.app, ["harvest", "inv", "--json"]).stdout)[0]
        second = json.loads(run.invoke(cli.app, ["harvest", "inv", "--json"]).stdout)[0]
    assert (first["outcome"], first["counts"]["new"], first["counts"]["published"]) == ("done", 5, 5)
    assert (second["outcome"], second["counts"]["new"], second["counts"]["changed"]) == ("done", 0, 0)
    assert academies.load(tmp_path / "academies")["inv"].feeds[0].expect.min_records == 2
