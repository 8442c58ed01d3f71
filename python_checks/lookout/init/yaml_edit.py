"""Lines inserted into YAML at a parsed position, so that every other character stays as it was. Pure.

Writing a parsed document back, even by a library that keeps comments, changes indentation, quotes and line breaks.
Here a parser only finds the position: the text is inserted there, and the result is parsed again and must have the
expected content and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml

from lookout.errors import ConfigError
from lookout.project.files import DEEPEST, check_size

STEP = 2
# The C loader finds the same positions ten times faster; not every PyYAML was built with it.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Settings = Mapping[str, Any]


def set_in_entry(text: str, entry_path: Sequence[tuple[str, str]], path: Sequence[str], settings: Settings) -> str:
    """Add ``settings`` below ``path`` of one entry, and return the new text.

    ``entry_path`` leads to the entry: pairs of a list's key and the ``name`` of its item, such as
    ``[("sources", "shop"), ("tables", "orders")]``. Missing mappings of ``path`` are added; keys of ``settings`` must
    not be there yet. Raises ConfigError with half a sentence for YAML that cannot be edited safely.
    """
    expected = _plain(_load(text))
    target = _entry_of(expected, entry_path)
    for key in path:
        if target.get(key) is None:
            target[key] = {}
        target = target[key]
        if not isinstance(target, dict):
            raise ConfigError(f"`{key}` is not a mapping there")
    target.update(settings)
    return _checked(_insert(text, _find(text, entry_path), list(path), settings), expected)


def set_in_document(text: str, path: Sequence[str], settings: Settings) -> str:
    """Add ``settings`` below ``path`` of the whole document, at its end if nothing of the path is there yet."""
    content = _load(text)
    if path and isinstance(content, dict) and path[0] not in content:
        added: Settings = settings
        for key in reversed(path):
            added = {key: added}
        expected = _plain(content) | _plain(added)
        return _checked(_at_end(text, "\n" + lines_of(added, 0)), expected)
    return set_in_entry(text, (), path, settings)


def entry(text: str, entry_path: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """Return the content of one entry, None when there is no such entry. Raises ConfigError for invalid YAML."""
    content = _load(text)
    for key, name in entry_path:
        items = (content.get(key) if isinstance(content, dict) else None) or []
        items = items if isinstance(items, list) else []
        content = next((item for item in items if isinstance(item, dict) and str(item.get("name")) == name), None)
    return content if isinstance(content, dict) else None


def append_item(text: str, key: str, item: Settings) -> str:
    """Add an item to the list under a key of the document; a missing list is added. Raises ConfigError."""
    content = _load(text)
    expected = _plain(content) if content is not None else {}
    if not isinstance(expected, dict) or not isinstance(expected.get(key) or [], list):
        raise ConfigError(f"it has no list `{key}`")
    expected[key] = [*(expected.get(key) or []), dict(item)]
    node = _compose(text)
    value = _value(node, key) if isinstance(node, yaml.MappingNode) else None
    if value is None:
        changed = _at_end(text, f"{key}:\n" + _item(item, STEP))
    elif isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        column = value.start_mark.column
        changed = _after_line(text, _last_line_end(text, value), _item(item, column))
    elif isinstance(value, yaml.SequenceNode) and value.value:
        changed = _splice(text, value.value[-1].end_mark.index, ", " + _flow(item))
    else:
        # `packages: []` and `packages:` are both an empty list.
        start, end = value.start_mark.index, value.end_mark.index
        bare = text[:start].rstrip(" ") + text[end:]
        changed = _after_line(bare, len(text[:start].rstrip(" ")), _item(item, STEP))
    return _checked(changed, expected)


def lines_of(settings: Settings, indent: int) -> str:
    """Return settings as block YAML, each line indented by ``indent`` columns."""
    text = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False)
    return "".join(f"{' ' * indent}{line}\n" for line in text.splitlines())


def _insert(text: str, entry: yaml.MappingNode, path: list[str], settings: Settings) -> str:
    """Walk down the path as far as its mappings exist, and insert the rest there."""
    node, rest = entry, path
    while rest:
        child = _value(node, rest[0])
        if not isinstance(child, yaml.MappingNode) or not _is_inside(child, node):
            break
        node, rest = child, rest[1:]
    added: Settings = settings
    for key in reversed(rest):
        added = {key: added}
    if rest and (empty := _value(node, rest[0])) is not None:
        # A key without a value: `config:`.
        if not (isinstance(empty, yaml.ScalarNode) and empty.value == "" and _is_inside(empty, node)):
            raise ConfigError(f"`{rest[0]}` is not a mapping of its own there")
        if node.flow_style:
            return _splice(text, empty.start_mark.index, f" {_flow(added[rest[0]])}")
        return _after_line(text, empty.start_mark.index, lines_of(added[rest[0]], _column(node) + STEP))
    if node.flow_style:
        pairs = _flow(added)[1:-1]
        if not node.value:
            return _splice(text, node.start_mark.index + 1, pairs)
        _, last_value = node.value[-1]
        return _splice(text, last_value.end_mark.index, f", {pairs}")
    return _into_block(text, node, added, is_entry=node is entry)


def _into_block(text: str, node: yaml.MappingNode, added: Settings, *, is_entry: bool) -> str:
    lines = lines_of(added, _column(node))
    if not is_entry:
        first = node.value[0][0].start_mark
        return _splice(text, first.index - first.column, lines)
    named = {key.value: value for key, value in node.value}
    about = named.get("description")
    # Configuration goes after the description; the end of a block description cannot be found safely.
    after = about if isinstance(about, yaml.ScalarNode) and about.style not in ("|", ">") else named["name"]
    return _after_line(text, after.end_mark.index, lines)


def _find(text: str, entry_path: Sequence[tuple[str, str]]) -> yaml.MappingNode:
    node: yaml.Node | None = _compose(text)
    for key, name in entry_path:
        items = _value(node, key) if isinstance(node, yaml.MappingNode) else None
        found = [
            item
            for item in (items.value if isinstance(items, yaml.SequenceNode) else ())
            if isinstance(item, yaml.MappingNode) and _name(item) == name
        ]
        if len(found) != 1:
            raise ConfigError(f"`{name}` stands there {'more than once' if found else 'in no list'} under `{key}`")
        node = found[0]
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError("it holds no mapping")
    return node


def _entry_of(content: Any, entry_path: Sequence[tuple[str, str]]) -> dict[str, Any]:
    for key, name in entry_path:
        items = (content.get(key) if isinstance(content, dict) else None) or []
        found = [item for item in items if isinstance(item, dict) and str(item.get("name")) == name]
        if len(found) != 1:
            raise ConfigError(f"`{name}` stands there {'more than once' if found else 'in no list'} under `{key}`")
        content = found[0]
    return content  # type: ignore[no-any-return]


def _name(item: yaml.MappingNode) -> str | None:
    value = _value(item, "name")
    return str(value.value) if isinstance(value, yaml.ScalarNode) else None


def _value(node: yaml.MappingNode, key: str) -> yaml.Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _is_inside(child: yaml.Node, parent: yaml.Node) -> bool:
    """Return False for an alias, whose content is written elsewhere and shared with others."""
    return bool(parent.start_mark.index <= child.start_mark.index and child.end_mark.index <= parent.end_mark.index)


def _column(node: yaml.MappingNode) -> int:
    return int(node.value[0][0].start_mark.column)


def _item(item: Settings, column: int) -> str:
    lines = lines_of(item, column + 2)
    return f"{lines[:column]}- {lines[column + 2 :]}"


def _flow(settings: Settings) -> str:
    dumped = yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=100_000, default_flow_style=True)
    return dumped.strip()


def _last_line_end(text: str, node: yaml.SequenceNode) -> int:
    """Return the end of the last line of a block list; blank lines and comments below it belong to what follows."""
    last: yaml.Node = node.value[-1]
    while isinstance(last, (yaml.MappingNode, yaml.SequenceNode)) and last.value and not last.flow_style:
        child = last.value[-1]
        last = child[1] if isinstance(child, tuple) else child
    if isinstance(last, yaml.ScalarNode) and last.style in ("|", ">"):
        return len(text[: last.end_mark.index].rstrip())
    return int(last.end_mark.index)


def _after_line(text: str, index: int, lines: str) -> str:
    end = text.find("\n", index)
    return _at_end(text, lines) if end < 0 else _splice(text, end + 1, lines)


def _at_end(text: str, lines: str) -> str:
    return _splice(text if not text or text.endswith("\n") else text + _newline(text), None, lines)


def _splice(text: str, index: int | None, added: str) -> str:
    position = len(text) if index is None else index
    return text[:position] + added.replace("\n", _newline(text)) + text[position:]


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _checked(changed: str, expected: Any) -> str:
    """Return the changed text. Raises ConfigError when its content is not the expected one."""
    if _plain(_load(changed)) != expected:
        raise ConfigError("it shares mappings by anchors or is laid out in a way that cannot be added to")
    return changed


@lru_cache(maxsize=256)
def _load(text: str) -> Any:
    """Return the parsed text, cached because one file may describe many tables; do not change the result."""
    try:
        _check_depth(text)
        content = yaml.load(text, Loader=LOADER)
        check_size(content)
        return content
    except Exception as error:  # PyYAML lets errors of int(), date() and others through
        raise ConfigError(f"it is not valid YAML ({' '.join(str(error).split())[:120]})") from error


def _check_depth(text: str) -> None:
    """Raise ValueError for a text that is nested so deep that the parser in C would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")


def _compose(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=LOADER)


def _plain(value: Any) -> Any:
    """Return a deep copy in which each alias has become a copy of its own."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
