"""The masker: a canary in every place where a secret can be, and the words around it stay."""

from __future__ import annotations

import json
import logging
import smtplib
from urllib.parse import quote, quote_plus

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout import masking
from lookout.cli.logs import set_up_logging
from lookout.database.connection import Connection, clean_message, connect
from lookout.errors import ConfigError, SourceError
from lookout.masking import (
    address_secrets,
    is_secret_name,
    mask_address,
    mask_arguments,
    mask_secrets,
    mask_values,
    remember_secrets,
    secret_arguments,
)
from lookout.tracking.executions.events import End, Start, to_line
from lookout.tracking.model import Address, Pipeline
from tests.tracking.test_execution_store import T0

CANARY = "kAn4ry-1n-a-cage"


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_known", {})


@pytest.mark.parametrize(
    "text",
    [
        *(
            f"postgres://u:{CANARY}@h/d",
            f"postgresql://u:a/{CANARY}@b@h:5432/d",
            f"postgresql+psycopg2://u:{CANARY}@h/d",
        ),
        *(f"dbname=postgres%3A%2F%2Fu%3A{CANARY}%40h%2Fd", f"jdbc:postgresql://h/d?user=u&password={CANARY}"),
        *(
            f"host=h password={CANARY} user=u",
            f"host=h password='{CANARY} x' user=u",
            f"PGPASSWORD={CANARY} psql",
            f"password='{CANARY}",
        ),
        *(
            f'{{"password": "{CANARY}"}}',
            f"{{'api_key': '{CANARY}'}}",
            f'"{{\\"token\\": \\"{CANARY}\\"}}"',
            f"pwd: {CANARY}",
        ),
        *(
            f"sslpassword={CANARY}",
            f"aws_secret_access_key={CANARY}",
            f"X-Api-Key: {CANARY}",
            f"client_secret => {CANARY}",
        ),
        *(f"Authorization: Bearer {CANARY}", f"authorization: Basic {CANARY}", f"sent Bearer {CANARY} to it"),
        *(f"load.py --password {CANARY}", f"load.py --db-password={CANARY}", f"load.py --api-token '{CANARY}'"),
        *(f"https://hooks.slack.com/services/T1/B2/{CANARY}", f"https://discord.com/api/webhooks/1/{CANARY}"),
        *(f"https://example.com/a?sig={CANARY}&sslmode=x", f"https://{CANARY}@github.com/x", f"slack://T/B/{CANARY}"),
        *(f"tgram://12345:{CANARY}/9", f"mailto://me:{CANARY}@example.com", f"smtps://me:{CANARY}@example.com:465"),
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
    ],
)
def test_a_secret_is_found_by_its_place(text: str) -> None:
    assert CANARY not in mask_secrets(text)
    assert "***" in mask_secrets(text)
    assert mask_secrets(mask_secrets(text)) == mask_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        'password authentication failed for user "u"',
        "the environment variable DB_PASSWORD is not set",
        "Env var required but not provided: 'DB_PASSWORD'",
        "primary_key: id; the key: value pair; monkey=5; compass: north",
        "https://docs.getdbt.com/reference/dbt-jinja-functions/env_var#x",
        "postgresql://u@h:5432/d?sslmode=require",
        "s3://bucket/2026/01/part-0001-abcdef0123456789abcdef.parquet",
        'relation "public.orders" does not exist; line 3, column 7',
        "smtp: (535, b'5.7.8 Username and Password not accepted')",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    "piece", ["a://", "a.", "a-", "x@", ")", "password=", "--a-", "ey-", "Bearer ", "-----BEGIN ", "'", "/"]
)
def test_a_long_text_ends(piece: str) -> None:
    """An expression that tries every beginning with every end would take hours."""
    text = piece * (20_000 // len(piece))
    assert mask_secrets(f"password={text}").startswith("password=***")
    assert mask_secrets(f"{text} password={CANARY}").endswith("***")


@pytest.mark.parametrize("secret", [CANARY, "a b'c\"d\\e", "p%40ss/w:rd@x", "gehöim-ß", "x\ty-tab"])
def test_a_known_secret_is_found_in_every_spelling(secret: str) -> None:
    remember_secrets([secret])
    for spelled in (
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret),
        repr(secret),
        ascii(secret),
    ):
        assert spelled.strip("\"'") not in mask_secrets(f"it says {spelled} here"), spelled


def test_words_of_sentences_are_no_known_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    remember_secrets(["postgres", "abc", "", None, 5432, "dwh", "orders"], but_not=["orders"])
    sentence = "postgres at abc:5432 has no database dwh with orders"
    assert mask_secrets(sentence) == sentence
    monkeypatch.setenv("SHOP_TOKEN", CANARY)
    monkeypatch.setenv("PWD", "/tmp")
    assert mask_secrets(f"/tmp/x and {CANARY}") == "/tmp/x and ***"


def test_the_names_of_secrets() -> None:
    names = (
        "DB_PASSWORD",
        "pw",
        "apiKey",
        "X-Api-Key",
        "PGPASSWORD",
        "sslpassword",
        "SHOP_PW",
        "webhook_url",
        "tokens",
    )
    assert all(is_secret_name(name) for name in names)
    assert not any(
        is_secret_name(name) for name in ("passenger", "compass", "monkey", "primary_key", "sslkey", "design")
    )


def test_only_arguments_that_are_no_secrets_are_shown() -> None:
    command = (
        f"python load.py --date 2026-01-01 --password {CANARY} -p{CANARY} --url=postgres://u:{CANARY}@h -n 5 {CANARY}"
    )
    shown = mask_arguments(command.split())
    assert shown == [
        "python",
        "load.py",
        "--date",
        "2026-01-01",
        "--password",
        "***",
        "-p***",
        "--url=***",
        "-n",
        "5",
        "***",
    ]
    assert secret_arguments(["--password", "x1", "--api-key=y2", "-p", "z3", "-pw456", "--date", "d"]) == [
        "x1",
        "y2",
        "z3",
        "w456",
    ]


@given(st.lists(st.text(min_size=1, max_size=12), max_size=6))
def test_no_argument_of_letters_is_shown(arguments: list[str]) -> None:
    shown = mask_arguments(["cmd", *arguments])
    assert len(shown) == len(arguments) + 1
    assert all(
        kept in (given, "***") or kept.endswith("***") or given.startswith(kept)
        for kept, given in zip(shown[1:], arguments, strict=True)
    )


def test_the_address_of_a_service_is_secret_with_all_its_tokens() -> None:
    remember_secrets(address_secrets(f"slack://xAbc12345/T0123456/{CANARY}"))
    assert (
        mask_secrets(f"no channel at {CANARY}, T0123456 or xAbc12345 in services")
        == "no channel at ***, *** or *** in services"
    )
    remember_secrets(address_secrets("mailto://me:pa55word@smtp.example.com/?to=ann@example.com"))
    assert (
        mask_secrets("pa55word for ann@example.com at smtp.example.com")
        == "*** for ann@example.com at smtp.example.com"
    )


def test_errors_of_libraries_are_masked() -> None:
    remember_secrets([CANARY])
    for error in (
        psycopg2.OperationalError(f'invalid dsn: missing "=" after "{CANARY}" in connection info string'),
        smtplib.SMTPAuthenticationError(535, f"bad credentials {CANARY}".encode()),
        OSError(5, "cannot post", f"https://example.com/{CANARY}"),
    ):
        assert CANARY not in clean_message(error)
        assert CANARY not in str(SourceError(f"It failed: {error}"))
    assert CANARY not in str(ConfigError(f"x is password={CANARY}"))


def test_a_database_name_that_is_a_connection_string_is_never_printed() -> None:
    for name in (f"postgres://u:{CANARY}@h/d", f"host=h password={CANARY}", f"postgres%3A%2F%2Fu%3A{CANARY}%40h%2Fd"):
        connection = Connection("x", {"host": "127.0.0.1", "port": 1, "user": "u", "dbname": name})
        assert CANARY not in connection.location + repr(connection)
        with pytest.raises(SourceError) as raised:
            connect(connection)
        assert CANARY not in str(raised.value)


@pytest.mark.parametrize("as_json", [False, True])
def test_log_records_are_masked(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging("run", as_json=as_json, verbose=False)
    logging.getLogger("lookout.x").warning("no answer from %s", f"postgres://u:{CANARY}@h/d")
    said = capsys.readouterr().err
    assert "postgres://u:***@h/d" in said
    assert CANARY not in said


def test_what_a_program_says_about_itself_is_stored_without_secrets() -> None:
    where = f"postgres://u:{CANARY}@h/d"
    details = {"api_key": CANARY, "url": where, "tables": [where], "nested": {"password": CANARY}, "is_token": True}
    events = [
        Start("1", "load", T0, execution_metadata=details),
        End("1", T0, False, execution_metadata=details, error=f"no answer from {where}"),
    ]
    pipeline = Pipeline("load", metadata=details, sources=[where], targets=[Address(where, address_metadata=details)])
    stored = "".join(map(to_line, events)) + repr(pipeline) + json.dumps(pipeline.settings)
    assert CANARY not in stored
    assert mask_values(details) == {
        **{"api_key": "***", "url": "postgres://u:***@h/d", "tables": ["postgres://u:***@h/d"]},
        **{"nested": {"password": "***"}, "is_token": True},
    }
    # Names without a secret in them are the same places as before.
    for name in (
        "sap://system/table",
        "https://example.com/a?page=2",
        "s3://b/2026/x0123456789abcdefghij.csv",
        "a.b.c",
    ):
        assert mask_address(name) == name
