"""JSON schemas of lookout.yml and of ``meta.lookout``, for editors: the models, with the meaning in settings.yml."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic.json_schema import models_json_schema

from lookout.contracts.spec.model import Mode
from lookout.contracts.spec.settings import ColumnContractSettings, ContractSettings
from lookout.notify.settings.file import SettingsFile
from lookout.project.declarations.settings import ColumnSettings, TableSettings
from lookout.project.validation import Settings
from lookout.tracking.dbt.limits import PipelineSettings

META: Sequence[type[Settings]] = (
    TableSettings,
    ColumnSettings,
    PipelineSettings,
    ContractSettings,
    ColumnContractSettings,
)
DRAFT = "http://json-schema.org/draft-07/schema#"
Section = Mapping[str, Any]


def lookout_schema(sections: Sequence[Section]) -> dict[str, Any]:
    """Return the JSON schema of lookout.yml."""
    return {
        "$schema": DRAFT,
        "title": "lookout.yml",
        "anyOf": [_reference(SettingsFile), {"type": "null"}],
        "definitions": _definitions([SettingsFile], sections),
    }


def meta_schema(sections: Sequence[Section]) -> dict[str, Any]:
    """Return the JSON schema of a YAML file of dbt, of which it knows only ``meta.lookout``."""
    definitions = _definitions(META, sections)
    table, column = definitions["TableSettings"]["properties"], definitions["ColumnSettings"]["properties"]
    modes = {"enum": [True, False, *get_args(Mode)]}
    table["contract"]["anyOf"] = [modes, _reference(ContractSettings)]
    table["pipeline"]["anyOf"] = [_reference(PipelineSettings), {"type": "null"}]
    column["contract"]["anyOf"] = [_reference(ColumnContractSettings), {"type": "null"}]
    declared = _under_meta({"anyOf": [{"type": "boolean"}, _reference(TableSettings)]})
    columns = {"columns": _list_of(_under_meta(_reference(ColumnSettings)))}
    definitions["table"] = {"type": "object", "properties": {**declared["properties"], **columns}}
    tables = _list_of({"$ref": "#/definitions/table"})
    sources = {"type": "object", "properties": {**declared["properties"], "tables": tables}}
    return {
        "$schema": DRAFT,
        "title": "meta.lookout in the YAML of dbt",
        "type": "object",
        "properties": {"models": tables, "seeds": tables, "snapshots": tables, "sources": _list_of(sources)},
        "definitions": definitions,
    }


def _definitions(models: Sequence[type[Settings]], sections: Sequence[Section]) -> dict[str, Any]:
    """Return the schemas of models and of those that they are made of, each property with its meaning."""
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template="#/definitions/{model}")
    named = {model.__name__ for model in models}
    text = json.dumps(schema)
    found = {name: item for name, item in schema["$defs"].items() if name in named or f'/{name}"' in text}
    meanings = _meanings(sections)
    for name, definition in found.items():
        for key, written in definition["properties"].items():
            described = meanings.get(name, {}).get(key)
            definition["properties"][key] = _property(written, described)
    return {name: _without_titles(definition) for name, definition in found.items()}


def _property(written: dict[str, Any], described: Section | None) -> dict[str, Any]:
    # Beside a reference, draft 7 reads nothing.
    if "$ref" in written:
        written = {"allOf": [{"$ref": written["$ref"]}], **{k: v for k, v in written.items() if k != "$ref"}}
    if described is not None:
        written = {**written, "description": _plain(described["meaning"])}
        if described.get("example") is not None:
            written["examples"] = [described["example"]]
    return {key: value for key, value in written.items() if key != "default" or value not in (None, [], {}, "")}


def _meanings(sections: Sequence[Section]) -> dict[str, Section]:
    """Return the described settings by the name of the model that reads them, and of the models that it extends."""
    found: dict[str, Section] = {}
    for section in sections:
        module, _, name = section["keys"].partition(":")
        model = getattr(importlib.import_module(module), name) if module.startswith("lookout.") else None
        if isinstance(model, type) and issubclass(model, Settings):
            for base in model.__mro__:
                if issubclass(base, Settings):
                    found.setdefault(base.__name__, section["settings"])
    return found


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # A property may be called so; the title of a schema is a text.
    return {
        key: _without_titles(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)
    }


def _under_meta(lookout: Section) -> dict[str, Any]:
    meta = {"type": "object", "properties": {"lookout": lookout}}
    return {"type": "object", "properties": {"meta": meta, "config": {"type": "object", "properties": {"meta": meta}}}}


def _list_of(items: Section) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _reference(model: type[Settings]) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{model.__name__}"}


def _plain(text: object) -> str:
    """Return the text without the links of Markdown, on one line."""
    return " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", str(text)).split())
