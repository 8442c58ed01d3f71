"""The masker: no text that is stored, logged or printed holds a password, a token or the rest of a secret address."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, unquote

MASK = "***"
# Names of keys, variables, options and headers whose values are secret. The longer words may be part of any name.
_LONG = r"(?:password|passwd|passphrase|secret|credential)"
_SHORT = (
    r"(?:pass(?:code)?|pwd|pw|token|authorization|cookie|signature|sig|dsn"
    r"|(?:api|access|private|account|encryption|shared|auth)[_-]?key|webhook(?:[_-]?url)?)"
)
_NAME = re.compile(rf"(?:{_LONG}|(?:^|[^a-z]){_SHORT})s?(?:$|[^a-z])", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VALUE = r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\S+"""
_PAIR = re.compile(
    rf"""((?:{_LONG}|(?<![a-z]){_SHORT}|token)s?)(\\?["']?\s*(?:=>|:=|[=:])\s*)(\\?(?:{_VALUE}))""", re.IGNORECASE
)
_HEADER = re.compile(r"""(authorization\\?["']?\s*[=:]\s*\\?["']?)[^"'\r\n\\]+""", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic)(\s+)(?=\S*[A-Z0-9=._-])[\w.~+/=-]{6,}")
_OPTION = re.compile(rf"(?<!\S)(--?(?:[\w-]*[_-])?(?:{_LONG}|{_SHORT})s?)(\s+)({_VALUE})", re.IGNORECASE)
# From the scheme to the last `@` before a space or quote: a password may hold slashes and further `@`.
_USER = re.compile(
    r"""(\b[a-z][a-z0-9+.-]{0,30}(?:://|%3A%2F%2F))([^\s"'<>]{0,2000})(@|%40)(?=[\w.\[%-])""", re.IGNORECASE
)
# What comes after the host in the address of a service is a secret more often than not; in that of a page it is not.
_ADDRESS = re.compile(
    r"""\b([a-z][a-z0-9+.-]{0,30}://(?:[^\s/?#"'@]{0,500}@)?[^\s/?#"'<>]+)([/?#]?[^\s"'<>]*)""", re.IGNORECASE
)
_SERVICE = re.compile(r"/(?:services|hooks?|webhooks?\w*|bot[\w:-]+|workflows|triggers)(?:/|$)", re.IGNORECASE)
_QUERY = re.compile(r"([?&])([\w.-]+)=([^&#\s\"']*)")
# Schemes of databases, files and pages. Others are those of notification services, whose whole address is secret.
_PLACES = re.compile(
    r"(?:jdbc:|odbc:)?(?:https?|wss?|tcp|ssh|git|ldaps?|smtps?|amqps?|grpc|file|s?ftps?|s3[an]?|gs|gcs|az|abfss?|wasbs?|adl"
    r"|r2|hdfs|dbfs|kafka|redis?s?|mongodb|postgres|postgresql|mysql|mariadb|mssql|sqlserver|oracle|snowflake|bigquery"
    r"|redshift|duckdb|sqlite|databricks|trino|presto|clickhouse|db2|teradata)(?:\+[a-z0-9]+)*$",
    re.IGNORECASE,
)
SAFE_PARAMETERS = frozenset(
    {"sslmode", "connect_timeout", "application_name", "target_session_attrs", "channel_binding", "keepalives"}
)
_TOKEN = re.compile(
    r"\bgh[opsur]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}|\bxox[abeoprs]-[\w-]{8,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bsk-[\w-]{16,}|\bdapi[0-9a-f]{20,}|\bey[A-Za-z0-9_-]{10,2000}\.[\w-]{6,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)
# Everybody's passwords are words of ordinary sentences: they are masked behind their key only.
_COMMON = frozenset(
    {"postgres", "postgresql", "password", "secret", "lookout", "admin", "root", "test", "true", "none"}
)
SHORTEST = 4

_known: dict[str, None] = {}


def remember_secrets(values: Iterable[object], *, but_not: Iterable[object] = ()) -> None:
    """Mask these values from now on wherever they appear, in every spelling; ``but_not`` are names that may be shown.

    Values of fewer than four characters, and words that are everybody's password, cannot be told from other text.
    """
    shown = {str(value).lower() for value in but_not}
    for value in values:
        text = str(value or "").strip()
        if _can_be_secret(text) and text.lower() not in shown:
            _known.update(dict.fromkeys(_spellings(text)))


def mask_secrets(text: str) -> str:
    """Return the text with secrets replaced by three stars: those that are known, and those that their place betrays.

    Known are values of `remember_secrets` and of environment variables with a name such as ``DB_PASSWORD``. Others are
    found behind a key, an option or a header, in the address of a server or service, and by the form of a token.
    """
    text = _without_known(text)
    text = _USER.sub(_masked_user, text)
    text = _ADDRESS.sub(_masked_address, text)
    text = _HEADER.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _OPTION.sub(_masked_value, text)
    text = _PAIR.sub(_masked_value, text)
    return _TOKEN.sub(MASK, text)


def mask_address(name: str) -> str:
    """Return the name of a place, often an address, without user, password and secret parameters; all else stays."""
    if "://" not in name and not _known:
        return name
    name = _USER.sub(_masked_user, _without_known(name))
    return _QUERY.sub(lambda pair: f"{pair[1]}{pair[2]}={MASK}" if is_secret_name(pair[2]) else pair[0], name)


def mask_values(value: Any) -> Any:
    """Return plain data (mappings, lists, texts) without secrets: a key with a secret's name loses all of its value."""
    if isinstance(value, Mapping):
        return {
            key: MASK if is_secret_name(str(key)) and item not in (None, "", True, False) else mask_values(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_values(item) for item in value]
    return mask_secrets(value) if isinstance(value, str) else value


def mask_arguments(arguments: Sequence[str]) -> list[str]:
    """Return a command's arguments as they may be stored: the program, names of options, numbers, dates and scripts.

    Everything else is three stars, because a secret has no look of its own.
    """
    shown, after_secret = list(arguments[:1]), False
    for argument in arguments[1:]:
        option = re.fullmatch(r"(--[A-Za-z][\w-]*)(=)?(.*)|(-[A-Za-z])(.*)", argument, re.DOTALL)
        if after_secret and not option:
            shown.append(MASK)
        elif option and option[4]:
            shown.append(option[4] + (MASK if option[5] else ""))
        elif option and (option[2] or not option[3]):
            is_safe = not is_secret_name(option[1]) and _SAFE_ARGUMENT.fullmatch(option[3])
            shown.append(option[1] + (option[2] or "") + (option[3] if is_safe else MASK if option[3] else ""))
        else:
            shown.append(argument if _SAFE_ARGUMENT.fullmatch(argument) else MASK)
        # The short options of passwords are -p, -P and -w; the number behind one may be a PIN.
        after_secret = bool(option and not option[2] and (is_secret_name(argument) or argument in ("-p", "-P", "-w")))
    return shown


_SAFE_ARGUMENT = re.compile(
    r"\d{1,9}|\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?|-|true|false"
    r"|[\w./-]+\.(?:py|sh|sql|yml|yaml|json|csv|toml|ini|cfg|r|R|js|jar|rb|pl|parquet|txt|ipynb)"
)


def secret_arguments(arguments: Sequence[str]) -> list[str]:
    """Return the values in a command's arguments that are secret by their option: ``X`` of ``--password X``."""
    found: list[str] = []
    for before, argument in zip(arguments, [*arguments[1:], ""], strict=False):
        name, sign, value = before.partition("=")
        if re.fullmatch(r"-+[A-Za-z_-]+", name) and is_secret_name(name):
            found.append(value if sign else argument)
        elif before in ("-p", "-P", "-w"):
            found.append(argument)
        elif re.fullmatch(r"-[pPw]\S{4,}", before):
            found.append(before[2:])
    return found


def address_secrets(url: str) -> list[str]:
    """Return what is secret in the address of a notification service: all of it, and the tokens that it is made of."""
    scheme, _, rest = url.partition("://")
    place, _, path = rest.partition("/")
    login, _, host = place.rpartition("@")
    parts = [login.partition(":")[2], *re.split(r"[/?&=]", path)]
    if not _PLACES.match(scheme):
        parts += re.split(r":", host)
    # Names of channels and hosts are no secrets, nor are words.
    tokens = [part for part in parts if re.fullmatch(r"(?=.*[\dA-Z])[^.@]{8,}", unquote(part))]
    return [url, login.partition(":")[2], *tokens, *map(unquote, tokens)] if rest else []


@functools.lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Return whether the value of a key, variable or option of this name is a secret."""
    return bool(_NAME.search(_CAMEL.sub("_", name)))


def _without_known(text: str) -> str:
    for secret in sorted((s for s in (*_known, *_of_environment()) if s in text), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _of_environment() -> Iterable[str]:
    for name, value in os.environ.items():
        # PWD is a folder, and credentials are often the name of a file.
        if is_secret_name(name) and _can_be_secret(value) and not (value.startswith("/") and os.path.exists(value)):  # noqa: PTH110
            yield from _spellings(value)


def _can_be_secret(text: str) -> bool:
    return len(text) >= SHORTEST and text.lower() not in _COMMON and not text.isdigit()


@functools.lru_cache(maxsize=1024)
def _spellings(secret: str) -> tuple[str, ...]:
    """Return a secret as programs write it: plain, in an address, in JSON, in Python, quoted for libpq or a shell."""
    escaped = secret.replace("\\", "\\\\").replace("'", "\\'")
    spellings = (
        *(secret, quote(secret), quote(secret, safe=""), quote_plus(secret), secret.replace("%", "%%")),
        *(json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], escaped),
        *(secret.replace("'", "''"), secret.replace("'", "'\"'\"'"), secret.encode("unicode_escape").decode()),
    )
    return tuple(dict.fromkeys(spelling for spelling in spellings if len(spelling) >= SHORTEST))


def _masked_value(match: re.Match[str]) -> str:
    """Return the key with stars for its value; what closes a list or sentence behind a bare value stays."""
    value = match[3].lstrip("\\")
    is_quoted = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
    rest = "" if is_quoted else value[len(value.rstrip(",;)}]")) :]
    return f"{match[1]}{match[2]}{MASK}{rest}"


def _masked_user(match: re.Match[str]) -> str:
    # Up to the last `@`: what stands before the first colon is the user, which is no secret beside a password.
    user, colon, _ = match[2].replace("%3A", ":").partition(":")
    is_address = not any(sign in user for sign in "/?#")
    if not is_address:
        return match[0]
    scheme = match[1].lower()
    if colon:
        return f"{match[1]}{user}:{MASK}{match[3]}"
    return f"{match[1]}{user if scheme.startswith('postgres') else MASK}{match[3]}"


def _masked_address(match: re.Match[str]) -> str:
    if not _PLACES.match(match[1].partition("://")[0]):
        return f"{match[1].partition('://')[0]}://{MASK}"
    path, sign, query = match[2].partition("?")
    if sign:
        query = _QUERY.sub(
            lambda pair: pair[0] if pair[2].lower() in SAFE_PARAMETERS else f"{pair[1]}{pair[2]}={MASK}", sign + query
        )
    if _SERVICE.search(path):
        path = f"/{MASK}"
    elif not match[1].lower().startswith(("postgres", "file", "s3", "gs", "az", "abfs", "kafka", "hdfs")):
        path = re.sub(r"(?<=/)(?=[\w~+=:-]*\d)(?=[\w~+=:-]*[A-Za-z])[\w~+=:-]{20,}", MASK, path)
    return match[1] + path + query
