"""Generator of docs/reference/ from dbt's YAML, the command line, and the keys and defaults in the code.

``python -m lookout.cli.reference``, in a clone, writes the pages and the JSON schemas for editors. Only the meaning of
a setting is written by hand, in docs/reference/settings.yml; names and defaults are read from the code.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from lookout.cli.schemas import lookout_schema, meta_schema
from lookout.project.validation import Settings
from lookout.project.validation import keys_of as model_keys

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path("docs/reference")
MONITORING = Path("models/monitoring")
NOTE = "<!-- Written by `make reference`; change what it is made from instead. -->"
Row = Mapping[str, Any]
EDITORS = (
    "An editor with a YAML language server completes and checks settings while you type. Copy a schema into your",
    "project, [lookout.schema.json](lookout.schema.json) for lookout.yml, [meta.schema.json](meta.schema.json) for",
    "dbt's YAML of models and sources, and name it in the first line of the file.",
    "",
    "```yaml",
    "# yaml-language-server: $schema=lookout.schema.json",
    "notifications:",
    "  targets: {data-team: {url: {env: SLACK_WEBHOOK_URL}}}",
    "```",
)


def pages(root: Path = ROOT) -> dict[str, str]:
    """Return the text of every page of the reference, by file name."""
    written = {"tables.md": tables(root), "commands.md": commands(), "settings.md": settings(root)}
    schemas = {"lookout.schema.json": lookout_schema(described(root)), "meta.schema.json": meta_schema(described(root))}
    return {**written, **{name: json.dumps(schema, indent=1) + "\n" for name, schema in schemas.items()}}


def main() -> None:
    """Write all pages below docs/reference/ of this clone."""
    for name, text in pages().items():
        (ROOT / FOLDER / name).write_text(text, encoding="utf-8")
        print(FOLDER / name)


# --- tables


FOLDERS = {
    "landing": "Landing tables: written by Python, append or upsert, never rebuilt",
    "landing/tracking": "Pipelines, watermarks and lineage: landing tables of the tracking",
    "landing/notify": "Notifications: landing tables of messages and their recipients",
    "alerts": "Alerts: derived by dbt",
    "alerts/candidates": "Candidates: what can become an alert, derived by dbt",
    "contracts": "Contracts: derived by dbt",
    "timeliness": "Pipelines, late and stale: derived by dbt",
    "lineage": "Lineage: derived by dbt",
    "scorecard": "Scorecard: derived by dbt",
}
MATERIALIZED = {
    "incremental": "Table, kept from run to run",
    "table": "Table, rebuilt by every run",
    "view": "View",
    "ephemeral": "Compiled into the models that read it; not in the database",
}


def tables(root: Path = ROOT) -> str:
    """Return the page of the tables and views of the monitoring schema, from the YAML beside the models."""
    found: dict[str, list[Row]] = {}
    files = {file.stem: file for file in (root / MONITORING).rglob("*.sql")}
    for yaml_file in sorted((root / MONITORING).rglob("_*__models.yml")):
        for model in yaml.safe_load(yaml_file.read_text(encoding="utf-8")).get("models") or []:
            file = files[model["name"]]
            folder = file.parent.relative_to(root / MONITORING).as_posix()
            found.setdefault(folder, []).append({**model, "is": _materialized(file)})
    order = sorted(found, key=lambda folder: ([*FOLDERS, folder].index(folder), folder))
    lines = [
        NOTE,
        "# Tables and views of the schema monitoring",
        "",
        "Everything Lookout knows is a table you can query. Times are `timestamptz` in UTC, keys are text. The first "
        "sentence of each says what one row is. dbt adds missing columns and indexes of landing tables by itself; see "
        "[upgrading](../operations.md#upgrading).",
        "",
    ]
    for folder in order:
        links = ", ".join(f"[{model['name']}](#{model['name']})" for model in found[folder])
        lines.append(f"- **{FOLDERS.get(folder, folder)}**: {links}")
    for folder in order:
        lines += ["", f"## {FOLDERS.get(folder, folder)}"]
        for model in found[folder]:
            lines += _table(model, is_landing=folder.startswith("landing"))
    return "\n".join(lines) + "\n"


def _materialized(file: Path) -> str:
    """Return how a model is materialized: its own config, else incremental for landing tables and a view for others."""
    configured = re.search(r"materialized\s*=\s*[\"'](\w+)", file.read_text(encoding="utf-8"))
    if configured:
        return configured[1]
    return "incremental" if "landing" in file.parts else "view"


def _table(model: Row, *, is_landing: bool) -> Iterator[str]:
    kind = MATERIALIZED.get(model["is"], str(model["is"]))
    contract = (model.get("config") or {}).get("contract") or {}
    if is_landing or contract.get("enforced"):
        kind += "; contract enforced"
    yield from ("", f"### {model['name']}", "", f"*{kind}.*", "")
    yield from (_line(model["description"]), "", "| column | type | meaning |", "|---|---|---|")
    for column in model.get("columns") or []:
        column_type = str(column.get("data_type", ""))
        if any(rule.get("type") == "not_null" for rule in column.get("constraints") or []):
            column_type += ", not null"
        yield f"| `{column['name']}` | {column_type} | {_cell(column.get('description', ''))} |"


# --- commands


def commands() -> str:
    """Return the page of commands with their arguments and options, from the command line itself."""
    found = list(_walk())
    lines = [
        NOTE,
        "# Commands",
        "",
        "Exit codes everywhere: 0 nothing open, 1 critical alerts open or contracts broken, 2 something could not be "
        "evaluated or the arguments are wrong. `lookout COMMAND --help` says the same as this page.",
        "",
        "| command | does |",
        "|---|---|",
    ]
    lines += [
        f"| [`{path}`](#{path.replace(' ', '-')}) | {_cell(_first(command))} |"
        for path, command in found
        if path != "lookout"
    ]
    for path, command in found:
        lines += ["", f"## {path}", "", _help(command)]
        rows = [_parameter(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
        if rows:
            lines += ["", "| option | value | meaning |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _walk() -> Iterator[tuple[str, Any]]:
    import typer.main

    from lookout.cli.main import app

    def below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield path, command
        for name, child in (getattr(command, "commands", None) or {}).items():
            if not child.hidden:
                yield from below(f"{path} {name}", child)

    return below("lookout", typer.main.get_command(app))


def _help(command: Any) -> str:
    return "\n\n".join(_line(part) for part in str(command.help or "").replace("\b", "").split("\n\n") if part.strip())


def _first(command: Any) -> str:
    return _help(command).split("\n\n")[0]


def _parameter(parameter: Any) -> str:
    """Return one row of a table of options; arguments are written in capitals, as in the help."""
    if parameter.param_type_name == "argument":
        name = str(parameter.metavar or parameter.name.upper()).strip("[]")
        name = f"`{_cell(name)}`{'' if parameter.required else ' (may be left out)'}"
    else:
        name = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
    value = "" if getattr(parameter, "is_flag", False) else _value(parameter)
    default = parameter.default
    is_plain = default is not None and not callable(default) and not isinstance(default, bool)
    default_text = f" Default: `{default}`." if is_plain and default not in ("", (), []) else ""
    needed = " Required." if parameter.required and parameter.param_type_name == "option" else ""
    meaning = (parameter.help or "").rstrip() + needed + default_text
    return f"| {name} | {value} | {_cell(meaning)} |"


def _value(parameter: Any) -> str:
    """Return the type of an option's value, in a word or two."""
    word = parameter.metavar if parameter.param_type_name == "option" and parameter.metavar else _type(parameter)
    return f"{word}, may be repeated" if parameter.multiple or parameter.nargs == -1 else word


def _type(parameter: Any) -> str:
    # Typer describes types itself since 0.26; before that, click did.
    descriptor = getattr(parameter, "type_descriptor", None)
    type_name = str(descriptor.annotation if descriptor is not None else parameter.type.name).lower()
    words = {"path": "path", "int": "whole number", "float": "number"}
    return next((words[key] for key in words if key in type_name), "text")


# --- settings


def settings(root: Path = ROOT) -> str:
    """Return the page of settings: meaning and example from settings.yml, default from the code."""
    lines = [NOTE, "# Settings", "", "Where a setting is wrong, Lookout names file, table and key in one sentence.", ""]
    lines += [*EDITORS, ""]
    sections = described(root)
    lines += [f"- [{section['title']}](#{anchor(section['title'])})" for section in sections]
    for section in sections:
        lines += ["", f"## {section['title']}", "", _line(section["about"]), ""]
        headings = [*section.get("headings", ["setting", "value", "default"]), "meaning", "example"]
        lines += [f"| {' | '.join(headings)} |", "|---|---|---|---|---|"]
        for name, setting in section["settings"].items():
            lines.append(
                f"| `{name}` | {_cell(setting['type'])} | {_cell(default_of(setting.get('default'), root))} "
                f"| {_cell(setting['meaning'])} | {_example(setting.get('example'))} |"
            )
        if section.get("sample"):
            lines += ["", f"```{section.get('language', 'yaml')}", section["sample"].rstrip(), "```"]
    return "\n".join(lines) + "\n"


def described(root: Path = ROOT) -> Sequence[Row]:
    """Read the sections of docs/reference/settings.yml."""
    found: Sequence[Row] = yaml.safe_load((root / FOLDER / "settings.yml").read_text(encoding="utf-8"))
    return found


def default_of(default: object, root: Path = ROOT) -> str:
    """Return a default as text; one that begins with ``=`` is read from the code: ``=module:name.field``."""
    text = "" if default is None else str(default)
    if not text.startswith("="):
        return text
    module, _, path = text[1:].strip().partition(":")
    if module == "dbt_project.yml":
        found = yaml.safe_load((root / module).read_text(encoding="utf-8"))["vars"][path]
        return f"`{found}`" if found else "empty"
    value: Any = importlib.import_module(module)
    for part in re.findall(r"[^.\[\]]+", path):
        value = _member(value, part)
    return _value_text(value)


def keys_of(reference: str, root: Path = ROOT) -> tuple[str, ...]:
    """Return the names of a kind of setting: of a collection ``module:NAME``, a dbt macro or dbt_project.yml."""
    location, _, name = reference.partition(":")
    if location == "dbt_project.yml":
        return tuple(yaml.safe_load((root / location).read_text(encoding="utf-8"))["vars"])
    if location == "environment":
        return environment_variables(root)
    if location.endswith(".sql"):
        text = (root / location).read_text(encoding="utf-8")
        found = re.search(rf"{{% (?:test|macro) {name}\((.*?)\) -?%}}", text)
        parameters = found[1].split(",") if found else []
        return tuple(part.split("=")[0].strip() for part in parameters if part.strip() != "model")
    value = getattr(importlib.import_module(location), name)
    if isinstance(value, type) and issubclass(value, Settings):
        return model_keys(value)
    if callable(value):
        import inspect

        return tuple(inspect.signature(value).parameters)
    return tuple(value)


def environment_variables(root: Path = ROOT) -> tuple[str, ...]:
    """Return names that begin with LOOKOUT_ in the code and the dbt project, and others that the code reads."""
    code = [*(root / "python_checks").rglob("*.py"), *(root / "macros").rglob("*.sql")]
    names: set[str] = set()
    for file in (*code, *(root / "models").rglob("*.yml")):
        text = file.read_text(encoding="utf-8")
        names |= set(re.findall(r"\bLOOKOUT_[A-Z_]*[A-Z]\b", text))
        names |= set(re.findall(r"(?:environ(?:ment)?(?:\.get\(|\[)|\bread\()\"([A-Z][A-Z_]{4,})\"", text))
    return tuple(sorted(names))


def anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value[name]
    if isinstance(value, type) and dataclasses.is_dataclass(value):
        fields = {field.name: field.default for field in dataclasses.fields(value)}
        return fields[name] if name in fields else getattr(value, name)
    return getattr(value, name)


def _value_text(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.days} days" if value.days else f"{value.seconds // 3600} hours"
    if isinstance(value, (tuple, list)):
        return ", ".join(f"`{item}`" for item in value)
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return f"`{value:g}`" if isinstance(value, (int, float)) else f"`{value}`"


def _example(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True, width=1000).strip()
    return f"`{_cell(text.removesuffix('...').strip())}`"


def _cell(text: object) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: object) -> str:
    return " ".join(str(text).split())


if __name__ == "__main__":
    main()
