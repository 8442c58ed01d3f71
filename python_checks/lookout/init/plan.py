"""The edits of `lookout init`: files and manifest in, edits out. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookout.errors import ConfigError
from lookout.init.package import is_ignored, names_lookout, package_file
from lookout.init.suggest import Candidate, Suggestion
from lookout.init.yaml_edit import append_item, entry, set_in_document, set_in_entry
from lookout.project.own import PACKAGE

SCHEMA = "monitoring"
OTHER_SCHEMA = "lookout_monitoring"
# Folders that Lookout writes in a project and that nobody commits.
WRITTEN = ("reports/", ".lookout/")
NEW_FILE = "_lookout.yml"
SELECTORS = "selectors.yml"
# `parents` keeps Lookout's tables that tests of the project compare with.
SELECTOR: Mapping[str, Any] = {
    "name": "without_lookout",
    "description": "What dbt builds when nothing is selected. Lookout's tables are for `lookout run` to build.",
    "default": True,
    "definition": {
        "union": [
            {"method": "package", "value": "this", "parents": True},
            {
                "union": [
                    {"method": "package", "value": "*"},
                    {"exclude": [{"method": "package", "value": PACKAGE}]},
                ]
            },
        ]
    },
}
Texts = Mapping[str, str | None]


@dataclass(frozen=True)
class Edit:
    """One file of the project, by its path in it: its text before, None when there is none, and after."""

    file: str
    before: str | None
    after: str

    @property
    def diff(self) -> list[str]:
        """Lines of a unified diff."""
        old = (self.before or "").splitlines()
        name = f"a/{self.file}" if self.before is not None else "/dev/null"
        return list(difflib.unified_diff(old, self.after.splitlines(), name, f"b/{self.file}", lineterm=""))


def plan_package(texts: Texts, entry_: Mapping[str, str], root: Path) -> Edit | None:
    """Add Lookout to packages.yml or dependencies.yml; None when it is there. Raises ConfigError."""
    file = package_file(texts)
    text = texts.get(file)
    if names_lookout(text, file, root):
        return None
    try:
        return Edit(file, text, append_item(text or "", "packages", entry_))
    except ConfigError as error:
        raise ConfigError(f"{file} cannot be added to safely, {error}: add the package by hand.") from error


def plan_schema(text: str, manifest: Mapping[str, Any], wanted: str | None) -> tuple[Edit | None, str]:
    """Set the schema of Lookout's tables in dbt_project.yml; return the edit, and a note why. None for the default.

    Lookout has its own generate_schema_name, so a line is needed only for ``wanted``, or when models of the project
    are in the default schema.
    """
    project = (manifest.get("metadata") or {}).get("project_name")
    taken = sorted(
        str(node.get("name"))
        for node in (manifest.get("nodes") or {}).values()
        if node.get("package_name") == project
        and node.get("schema") == SCHEMA
        and node.get("resource_type") in ("model", "seed", "snapshot")
    )
    name = wanted or (OTHER_SCHEMA if taken else SCHEMA)
    path = ("models", "lookout", "monitoring")
    if _has_key(text, (*path, "+schema")) or _has_key(text, (*path, "schema")) or name == SCHEMA:
        return None, ""
    try:
        edit = Edit("dbt_project.yml", text, set_in_document(text, path, {"+schema": name}))
    except ConfigError as error:
        advice = f"write `models: {{lookout: {{monitoring: {{+schema: {name}}}}}}}` by hand"
        raise ConfigError(f"dbt_project.yml cannot be added to safely, {error}: {advice}.") from error
    why = "" if wanted else f"Schema {SCHEMA} is taken by {', '.join(taken[:3])}: Lookout's tables go to {name}."
    return edit, why


def plan_selectors(text: str | None) -> tuple[Edit | None, str]:
    """Add a default selector that leaves Lookout's tables to `lookout run`; return advice if there is another default.

    Without it, every plain `dbt build` builds them again, which takes seconds and logs sixty lines.
    Raises ConfigError.
    """
    try:
        selectors = (entry(text or "", ()) or {}).get("selectors") or []
        known = [s for s in selectors if isinstance(s, Mapping)] if isinstance(selectors, list) else []
        if any(PACKAGE in str(selector) for selector in known):
            return None, ""
        default = next((selector for selector in known if selector.get("default")), None)
        if default is None:
            return Edit(SELECTORS, text, append_item(text or "", "selectors", SELECTOR)), ""
    except ConfigError as error:
        raise ConfigError(f"{SELECTORS} cannot be added to safely, {error}: correct it first.") from error
    return None, (
        f"The default selector {default.get('name')} in {SELECTORS} selects Lookout's tables too: exclude "
        "`package:lookout` there, and `dbt build` leaves them to `lookout run`."
    )


def plan_gitignore(text: str | None) -> Edit | None:
    """Add the folders that Lookout writes to .gitignore; None when they are there."""
    missing = [folder for folder in WRITTEN if not is_ignored((text or "").splitlines(), folder)]
    if not missing:
        return None
    newline = "\r\n" if "\r\n" in (text or "") else "\n"
    begin = text + newline if text and not text.endswith("\n") else text or ""
    return Edit(".gitignore", text, begin + "".join(folder + newline for folder in missing))


def is_configured(texts: Texts, candidate: Candidate, new_file: str) -> bool:
    """Return whether the YAML of a table has settings for Lookout that dbt has not read yet. Raises ConfigError."""
    file = candidate.file or new_file
    try:
        found = entry(texts.get(file) or "", _yaml_path(candidate))
    except ConfigError as error:
        raise ConfigError(f"{file} cannot be read, {error}.") from error
    if found is None:
        return False
    layers = [found.get("meta"), (found.get("config") or {}).get("meta")]
    return any(isinstance(layer, Mapping) and "timestamp_column" in (layer.get("lookout") or {}) for layer in layers)


def plan_monitors(texts: Texts, suggestions: Sequence[Suggestion], new_file: str) -> list[Edit]:
    """Add settings under ``meta.lookout`` where each table is described, or in a new file for models without YAML.

    Raises ConfigError naming the file and the table that cannot be written safely.
    """
    after: dict[str, str] = {}
    for suggestion in suggestions:
        candidate = suggestion.candidate
        file = candidate.file or new_file
        text = after.get(file, texts.get(file) or "")
        try:
            after[file] = _with_monitor(text, suggestion)
        except ConfigError as error:
            settings = ", ".join(f"{key}: {value}" for key, value in suggestion.settings.items())
            raise ConfigError(
                f"{file} cannot be added to safely, {error}: write `config: {{meta: {{lookout: {{{settings}}}}}}}` for "
                f"{candidate.name} there by hand and start again."
            ) from error
    return [Edit(file, texts.get(file), text) for file, text in after.items()]


def all_edits(*planned: Edit | None) -> Iterator[Edit]:
    """Return the edits that change something."""
    return (edit for edit in planned if edit is not None and edit.before != edit.after)


def _with_monitor(text: str, suggestion: Suggestion) -> str:
    yaml_path = _yaml_path(suggestion.candidate)
    found = entry(text, yaml_path)
    if found is None and not suggestion.candidate.file:
        item = {"name": suggestion.candidate.model, "config": {"meta": {"lookout": suggestion.settings}}}
        return append_item(text or "version: 2\n\n", "models", item)
    config = (found or {}).get("config")
    has_meta = isinstance(config, Mapping) and "meta" in config
    path = ("meta", "lookout") if "meta" in (found or {}) and not has_meta else ("config", "meta", "lookout")
    return set_in_entry(text, yaml_path, path, suggestion.settings)


def _yaml_path(candidate: Candidate) -> list[tuple[str, str]]:
    if candidate.source:
        return [("sources", candidate.source), ("tables", candidate.name.removeprefix(f"{candidate.source}."))]
    return [("models", candidate.model)]


def _has_key(text: str, path: Sequence[str]) -> bool:
    content: Any = entry(text, ())
    for key in path:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content is not None
