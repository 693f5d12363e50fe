"""What a stranger meets first: make's list, the variables, the workflow, and documents whose words are true.

Belongs here: that each document points at what is there, and that nothing that is there is left out.
Does not belong here: what the documents say, and what is installed (test_install).
"""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from dagster_project import __main__
from dagster_project.lib.checkout import PROJECT, SCRIPTS
from dagster_project.lib.report.documents import TOPICS, metrics
from dagster_project.lib.seeds.tables import ALL_SEEDS
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_models.project import manifest, marts

DOCS = PROJECT / "docs"
DOCUMENTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)[0].split())
VARIABLE = re.compile(r"^(?:# )?([A-Z_]+)=(.*)$", re.MULTILINE)


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    # as from a terminal, not as a part of the make that runs the tests
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    alone, asked = (
        subprocess.run(
            ["make", *words], cwd=PROJECT, env=outside, capture_output=True, text=True, check=True
        ).stdout
        for words in ((), ("help",))
    )
    assert alone == asked
    listed = dict(re.split(r"\s{2,}|(?<=-all) ", line, maxsplit=1) for line in alone.splitlines())
    assert set(listed) == TARGETS
    assert all(listed.values())
    assert all(alone.index(f" {text}\n") - alone.index(f"{name} ") == 13 for name, text in listed.items())


class Asked(dict[str, str]):
    """An environment that notes what is asked of it."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(key)
        return default


def read_elsewhere() -> Iterator[str]:
    """Variables that code outside of the settings reads and no code of ours has set."""
    for folder in ("dagster_project", "benchmarks", "tests/soak"):
        texts = [path.read_text(encoding="utf-8") for path in (PROJECT / folder).rglob("*.py")]
        pattern = r'os\.environ(?:\.get\(|\[)"([A-Z_]+)"'
        ours = {name for text in texts for name in re.findall(rf"{pattern}\] = ", text)}
        yield from {name for text in texts for name in re.findall(pattern, text)} - ours
        yield from (n for text in texts for n in re.findall(r'"([A-Z_]+)" in os\.environ', text))
    profiles = (PROJECT / "sql" / "profiles.yml").read_text(encoding="utf-8")
    yield from re.findall(r"env_var\('([A-Z_]+)'", profiles)


def test_the_example_names_every_variable_that_is_read_and_no_other() -> None:
    asked = Asked()
    Settings.from_environment(asked)
    example = VARIABLE.findall((PROJECT / ".env.example").read_text(encoding="utf-8"))
    assert sorted(name for name, _ in example) == sorted(asked.names | set(read_elsewhere()))


def test_the_example_shows_the_defaults() -> None:
    example = dict(VARIABLE.findall((PROJECT / ".env.example").read_text(encoding="utf-8")))
    assert Settings.from_environment(example) == Settings.from_environment({})


def test_every_action_of_the_workflows_is_pinned_by_a_commit() -> None:
    workflows = sorted((PROJECT / ".github/workflows").glob("*.yml"))  # ci.yml, daily.yml
    text = "".join(path.read_text(encoding="utf-8") for path in workflows)
    used = re.findall(r"uses: (.*)", text)
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", one) for one in used)
    typed = re.findall(r"run: make (\S+)", workflows[0].read_text(encoding="utf-8"))
    assert {one.split('"')[0] for one in typed} - {""} <= TARGETS


def test_the_script_is_the_module() -> None:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    (started,) = set(scripts.values())
    module, _, function = started.partition(":")
    assert tuple(scripts) == SCRIPTS and callable(getattr(import_module(module), function))


def test_a_bad_setting_is_one_line_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_TOP", "0")
    assert __main__.main() == 1
    assert capsys.readouterr().err.startswith("HUB_TOP is '0'; allowed: ")


def test_the_contents_name_every_table_once_and_lead_to_it() -> None:
    listed = [name for names in TOPICS.values() for name in names]
    assert sorted(listed) == sorted(marts())
    text = metrics()
    for name in (*listed, *(seed.name for seed in ALL_SEEDS)):
        assert f"[`{name}`](#{name})" in text and f"\n## {name}\n" in text


@cache
def anchors_of(path: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    found: list[str] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(part.content for part in inline.children or () if part.content)
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            found.append(slug if slug not in found else f"{slug}-{found.count(slug)}")
    return set(found)


def links_of(path: Path) -> Iterator[str]:
    """Where the links and pictures of a document lead."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
    for token in tokens:
        for part in token.children or ():
            target = part.attrGet("href") or part.attrGet("src")
            if target:
                yield str(target)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in links_of(path):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists() and target.is_relative_to(PROJECT), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_what_is_there(path: Path) -> None:
    """SQL models, files of the project and targets of make, wherever they stand between backticks."""
    known = {node["name"] for node in manifest()["nodes"].values()} | set(marts())
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for words in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(r"(stg|int|fct|dim)_\w+[a-z]", words):
            assert words in known, words
        elif re.fullmatch(r"(dagster_project|sql|tests|docs|benchmarks|findings)/[\w/.-]+", words):
            assert (PROJECT / words).exists(), words
        elif re.fullmatch(r"(lib|defs|synthetic)/[\w/.-]+", words):
            assert (PROJECT / "dagster_project" / words).exists(), words
        elif command := re.fullmatch(r"(?:\w+=\S+ )*make ([a-z-]+)( .*)?", words):
            assert command[1] in TARGETS, words


def test_every_table_is_listed_with_what_it_answers() -> None:
    listed = set(re.findall(r"`\]\(metrics\.md#(\w+)", (DOCS / "tables.md").read_text(encoding="utf-8")))
    assert listed == set(marts())


def test_every_document_is_reached_from_the_first_one() -> None:
    reached, waiting = set(), [DOCUMENTS[0]]
    while waiting:
        path = waiting.pop()
        if path not in reached and path.suffix == ".md":
            reached.add(path)
            links = (link.partition("#")[0] for link in links_of(path) if "://" not in link)
            waiting += [(path.parent / link).resolve() for link in links if link]
    assert set(DOCUMENTS) <= reached
