"""Time: whatever stalls, a run ends within its limits and says what it has not done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from lookout.database.options import CollectOptions
from lookout.database.retries import Breakers, RetryPolicy
from tests.conftest import Observed
from tests.faults import Proxy, proxy

TABLES = ("first", "second", "third", "fourth")


def limits(**settings: float) -> CollectOptions:
    return CollectOptions(
        **{"statement_timeout": 1.0, "hang_grace": 0.5, "connect_timeout": 2, "breakers": Breakers(), **settings},  # type: ignore[arg-type]
        retry=RetryPolicy(max_attempts=1),
    )


@pytest.fixture
def shop(observed: Observed) -> Iterator[Proxy]:
    """The database `shop`, read through a proxy."""
    for table in TABLES:
        observed.sql(f'create table "{table}" (at timestamptz)')
        observed.sql(f"""insert into "{table}" select generate_series('2025-06-01', '2026-03-02', interval '1 day')""")
    observed.declare({table: {"timestamp_column": "at", "metrics": ["row_count"]} for table in TABLES})
    with proxy(observed.shop) as running:
        write(observed, "shop", running)
        yield running


def write(observed: Observed, output: str, running: Proxy) -> None:
    """Lead an output of the profile through the proxy."""
    file = observed.root / "profiles.yml"
    profile = yaml.safe_load(file.read_text())
    for key in ("host", "port", "sslmode"):
        profile["observed"]["outputs"][output][key] = running.connection.parameters[key]
    file.write_text(yaml.safe_dump(profile))


def test_a_source_that_stalls_is_one_alert(observed: Observed, shop: Proxy) -> None:
    shop.fault.stall_after = 2500
    summary = observed.run("2026-03-03", options=limits(source_limit=3.0))
    print(
        summary.problems,
        summary.open_alerts[["alert_type", "connection", "asset", "reason"]].to_dict("records"),
        summary.exit_code,
    )
    print(
        observed.sql(
            "select asset, status, message, duration_seconds, attempts from monitoring.collection_results",
            at="observed",
        )
    )
    assert 0
