"""The pages people read: every command in them exists, every link leads somewhere, every quoted message is in the code."""

from __future__ import annotations

import ast
import re
import shlex
import textwrap
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from lookout.cli.main import app
from lookout.cli.reference import ROOT, anchor
from lookout.contracts.spec.declared import load_contracts
from lookout.errors import ConfigError
from lookout.notify.settings.reader import read_settings
from lookout.project.declarations.monitors import load_monitors

FOLDERS = ("docs", "examples", "integrations")
FILES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    + [
        file
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.md")
        if not {"dbt_packages", "target"} & set(file.parts)
    ]
)
NAMES = [file.relative_to(ROOT).as_posix() for file in FILES]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
SHELL = ("console", "bash", "sh", "ini", "yaml", "python", "text", "")
LINK = re.compile(r"(?<!\!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# --- commands


def written_commands(text: str) -> Iterator[str]:
    """What stands behind the word lookout, in code blocks and between backticks."""
    for block in FENCE.finditer(text):
        if block["language"] in SHELL:
            for line in re.sub(r"\\\n\s*", " ", block["body"]).splitlines():
                if line.lstrip().startswith("from lookout import"):
                    continue
                for found in re.finditer(r"(?:^|[\s/\"'(])lookout ([a-z-][^\n]*)", line):
                    yield found[1]
    for found in re.finditer(r"`(?:[\w./]*/)?lookout ([a-z-][^`]*)`", FENCE.sub("", text)):
        yield found[1]


def words(command: str) -> list[str]:
    """The words of a command up to where the shell goes on with something else."""
    command = re.split(r"\s#|&&|\|\||[|;<>]|\)|\$\(", command)[0]
    try:
        return shlex.split(command)
    except ValueError:
        return command.replace('"', " ").replace("'", " ").split()


@lru_cache
def command_line() -> Any:
    return typer.main.get_command(app)


def wrong_words(command: str) -> list[str]:
    """Words of a command that the command line does not know."""
    here = command_line()
    known = {option for parameter in here.params for option in (*parameter.opts, *parameter.secondary_opts)}
    path = ["lookout"]
    for word in words(command):
        if word == "--":
            break
        children = getattr(here, "commands", {})
        if word in children:
            here = children[word]
            path.append(word)
            known |= {option for parameter in here.params for option in (*parameter.opts, *parameter.secondary_opts)}
        elif word.startswith("-") and not re.fullmatch(r"-\d.*", word):
            if word.split("=")[0] not in {*known, "--help", "-h"}:
                return [f"{' '.join(path)} has no {word}"]
        elif children and not any(parameter.param_type_name == "argument" for parameter in here.params):
            previous = words(command)[max(0, words(command).index(word) - 1)]
            if not previous.startswith("-"):
                return [f"{' '.join(path)} has no {word}"]
    return []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_exists(name: str) -> None:
    wrong = {command: told for command in written_commands(read(name)) if (told := wrong_words(command))}
    assert not wrong


def test_a_command_that_does_not_exist_is_found() -> None:
    assert wrong_words("run --no-such-option") == ["lookout run has no --no-such-option"]
    assert wrong_words("fly --high") == ["lookout has no fly"]
    assert wrong_words("alerts lsit") == ["lookout alerts has no lsit"]
    assert wrong_words("run --as-of 2026-01-01 -q") == []
    assert wrong_words('track exec --name "load orders" -- python load.py --day 1') == []
    assert list(written_commands("```console\n.venv/bin/lookout run -q   # go\n```\nSay `lookout doctor`.")) == [
        "run -q   # go",
        "doctor",
    ]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    for name in NAMES:
        text = read(name)
        said = {found[1] for found in re.finditer(r"`make ([a-z]+)[^`]*`", text)}
        said |= {
            found[1] for block in FENCE.finditer(text) for found in re.finditer(r"^make ([a-z]+)", block["body"], re.M)
        }
        assert said <= targets, f"{name}: {said - targets}"


# --- links


@lru_cache
def anchors(file: Path) -> frozenset[str]:
    found: set[str] = set()
    for line in FENCE.sub("", file.read_text(encoding="utf-8")).splitlines():
        heading = re.fullmatch(r"#{1,6} +(.*?) *#*", line)
        if heading:
            name = base = anchor(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", ""))
            number = 0
            while name in found:
                number += 1
                name = f"{base}-{number}"
            found.add(name)
    return frozenset(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", read(name)))
    for found in LINK.finditer(text):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, place = target.partition("#")
        file = ((ROOT / name).parent / path).resolve() if path else ROOT / name
        assert file.exists(), f"{name}: {target}"
        assert not place or file.suffix != ".md" or place in anchors(file), f"{name}: {target}"


def test_the_index_names_every_page() -> None:
    index = read("docs/README.md")
    for file in FILES:
        path = file.relative_to(ROOT).as_posix()
        if path.startswith("docs/") and not path.startswith("docs/decisions/") and path != "docs/README.md":
            assert f"]({path.removeprefix('docs/')})" in index, path


# --- messages


@lru_cache
def told() -> tuple[str, ...]:
    """Every text of the code, what is filled in replaced by an ellipsis; macros as they are."""
    found = [file.read_text(encoding="utf-8") for file in (ROOT / "macros").rglob("*.sql")]
    for file in (ROOT / "python_checks").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.append("".join(p.value if isinstance(p, ast.Constant) else "…" for p in node.values))  # type: ignore[misc]
    return tuple(found)


def quoted_messages() -> list[str]:
    return [found[2] for found in re.finditer(r"^### (`+) ?(.+?) ?\1$", read("docs/troubleshooting.md"), re.MULTILINE)]


@pytest.mark.parametrize("message", quoted_messages())
def test_a_quoted_message_is_in_the_code(message: str) -> None:
    parts = [part for part in message.split("…") if len(part.strip()) > 3]
    pattern = re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
    assert parts
    assert any(pattern.search(text) for text in told()), message


def test_there_are_messages_to_look_up() -> None:
    assert len(quoted_messages()) >= 25
    assert not any("there is no such sentence" in text for text in told())


# --- examples


def test_yaml_in_the_pages_is_yaml() -> None:
    for name in NAMES:
        for block in FENCE.finditer(read(name)):
            if block["language"] in ("yaml", "yml"):
                lines = block["body"].splitlines()
                yaml.safe_load("\n".join(line[len(block["indent"]) :] for line in lines))


def test_every_table_of_the_monitoring_schema_exists() -> None:
    models = {file.stem for file in (ROOT / "models" / "monitoring").rglob("*.sql")}
    for name in NAMES:
        named = set(re.findall(r"\bmonitoring\.([a-z_]+)\b(?!\.(?:md|sql|yml))", read(name))) - {"sql"}
        assert named <= models, f"{name}: {named - models}"


@pytest.mark.parametrize("name", NAMES)
def test_python_in_the_pages_is_python(name: str) -> None:
    for block in FENCE.finditer(read(name)):
        if block["language"] == "python":
            compile(textwrap.dedent(block["body"]), name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def yaml_blocks() -> Iterator[tuple[str, Any]]:
    for name in NAMES:
        for block in FENCE.finditer(read(name)):
            if block["language"] == "yaml":
                lines = block["body"].splitlines()
                yield name, yaml.safe_load("\n".join(line[len(block["indent"]) :] for line in lines))


def declared_tables(content: Any) -> Iterator[dict[str, Any]]:
    """Tables as dbt's manifest has them, of a whole YAML file or of the part of one that a page shows."""
    content = content if isinstance(content, dict) else {}
    whole = [(table, source) for source in content.get("sources") or [] for table in source["tables"]]
    whole += [(model, None) for model in content.get("models") or [] if isinstance(model, dict)]
    whole += [(table, {"name": "part"}) for table in content.get("tables") or []]
    if not whole and {"metrics", "contract"} & content.keys():
        whole = [
            ({"name": "t", "config": {"meta": {"lookout": {"timestamp_column": "at", **content}}}}, {"name": "part"})
        ]
    elif not whole and "columns" in content:
        meta = {"meta": {"lookout": {"contract": "strict"}}}
        whole = [({"name": "t", "config": meta, "columns": content["columns"]}, {"name": "part"})]
    for table, source in whole:
        columns = {column["name"]: column for column in table.get("columns") or []}
        yield {
            "resource_type": "source" if source else "model",
            "unique_id": f"x.{table['name']}",
            "name": table["name"],
            "source_name": source and source["name"],
            "schema": "s",
            "columns": columns,
            "config": table.get("config") or {},
            "original_file_path": "models/x.yml",
        }


def test_tables_and_contracts_in_the_pages_are_accepted() -> None:
    seen = 0
    for name, content in yaml_blocks():
        for table in declared_tables(content):
            part = "sources" if table["resource_type"] == "source" else "nodes"
            manifest = {"nodes": {}, "sources": {}, "groups": {}, part: {table["unique_id"]: table}}
            try:
                seen += len(load_monitors(manifest, default_connection="dev"))
                seen += len(load_contracts(manifest, default_connection="dev"))
            except ConfigError as error:
                pytest.fail(f"{name}: {error}")
    assert seen >= 12


def test_lookout_yml_in_the_pages_is_accepted(tmp_path: Path) -> None:
    seen = 0
    for name in NAMES:
        for block in FENCE.finditer(read(name)):
            if block["language"] == "yaml" and re.search(r"^ *notifications:", block["body"]):
                seen += 1
                file = tmp_path / "lookout.yml"
                lines = block["body"].splitlines()
                file.write_text("\n".join(line[len(block["indent"]) :] for line in lines))
                read_settings(file, dict.fromkeys(re.findall(r"[A-Z_]{4,}", block["body"]), "https://x.example"))
    assert seen >= 2


def test_no_page_names_the_place_it_was_written_in() -> None:
    for name in NAMES:
        assert str(ROOT) not in read(name), name
        assert not re.search(r"/(tmp|home|root)/[a-z]", read(name)), name
