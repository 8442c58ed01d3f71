"""What could not be looked at, or is broken, is never shown as healthy: generated tables, one look at all of them."""

from __future__ import annotations

from typing import Any

from tests.conftest import MONITORING, Observed
from tests.models.health_worlds import contradictions, worlds

# Tables whose alerts have to say the right thing, beside the generated ones. The clock is 2026-06-15 09:30.
TABLES = """
create table dates as
select d::date as at
from generate_series(timestamp '2026-01-15', timestamp '2026-06-14', interval '1 day') as d,
    lateral generate_series(1, 100 + hashtext(d::text) % 5)
where d not between '2026-04-10' and '2026-04-13';

create table dead (at timestamptz);
insert into dead
select d + interval '5 hours' from generate_series(timestamptz '2026-01-01Z', timestamptz '2026-04-04Z', interval '1 day') as d,
    lateral generate_series(1, 100 + hashtext(d::text) % 5);

create table undated (at timestamptz);
insert into undated
select case when d < timestamptz '2026-06-14Z' or n <= 33 then d + interval '1 minute' * n end
from generate_series(timestamptz '2026-04-01Z', timestamptz '2026-06-14Z', interval '1 day') as d, generate_series(1, 100) as n
where n <= 97 + abs(hashtext(d::text)) % 4 or d = timestamptz '2026-06-14Z';

create table stuck (at timestamptz);
insert into stuck
select d + interval '1 minute' * n
from generate_series(timestamptz '2026-04-01Z', timestamptz '2026-06-14Z', interval '1 day') as d, generate_series(1, 1000) as n
where n <= case when d > timestamptz '2026-06-10Z' then 900 else 850 + abs(hashtext(d::text)) % 100 end;

create table monthly (at date);
insert into monthly
select d from generate_series(date '2025-06-01', date '2026-05-01', interval '1 month') as d, generate_series(1, 100);

create table came_late (at date);
insert into came_late select * from monthly union all select date '2026-06-04' from generate_series(1, 100);
"""


def alert_about(observed: Observed, asset: str, alert_type: str) -> dict[str, Any]:
    """Return status, description and end of the one alert of a kind about a table."""
    ((status, description, ended),) = observed.sql(
        f"select status, description, window_end::date::text from {MONITORING}.alerts where asset = %s and alert_type = %s",
        (f"public.{asset}", alert_type),
        at="observed",
    )
    return {"status": status, "description": description, "ended": ended}


def rare_loads(observed: Observed) -> list[tuple[str, str, str, str, str]]:
    """Return asset, type, status, first day and reason of the alerts about the two tables of monthly loads."""
    rows = observed.sql(
        f"""select asset, alert_type, status, window_start::date::text, reason from {MONITORING}.alerts
        where asset in ('public.monthly', 'public.came_late') order by asset, alert_type""",
        at="observed",
    )
    return [tuple(row) for row in rows]


def test_no_table_is_called_healthier_than_it_is_and_alerts_say_what_is_wrong(observed: Observed) -> None:
    observed.sql(TABLES)
    watched = ("dates", "dead", "undated", "stuck", "monthly", "came_late")
    assert contradictions(observed, worlds(seed=1, count=14), {name: {} for name in watched}) == []
    # A filled day of a date column is exactly one day old at its end, which is no silence.
    stale = alert_about(observed, "dates", "STALE_DATA_FLOW")
    assert (stale["status"], stale["ended"]) == ("resolved", "2026-04-14")
    # A silence is as long as it is now, also where its buckets cannot be judged any more.
    stale, fewer = alert_about(observed, "dead", "STALE_DATA_FLOW"), alert_about(observed, "dead", "VOLUME_ANOMALY")
    assert (stale["status"], fewer["status"], fewer["ended"]) == ("open", "open", "2026-06-15")
    assert stale["description"].startswith("no new rows for 72.2 days, expected about ")
    assert fewer["description"].endswith(", 71 days long")
    assert alert_about(observed, "undated", "VOLUME_ANOMALY")["description"].endswith(
        ": 67 % of the rows have no timestamp"
    )
    assert "900, the same value 4 times in a row" in alert_about(observed, "stuck", "VOLUME_ANOMALY")["description"]
    # A load that is due and does not come is an alert from that day on; one that comes late ends it.
    why = "no load since 1 May 2026; it is monthly, on the 1st and was due on 1 June 2026"
    assert rare_loads(observed) == [
        ("public.came_late", "STALE_DATA_FLOW", "resolved", "2026-06-01", why),
        ("public.came_late", "VOLUME_ANOMALY", "resolved", "2026-06-01", why),
        ("public.monthly", "STALE_DATA_FLOW", "open", "2026-06-01", why),
        ("public.monthly", "VOLUME_ANOMALY", "open", "2026-06-01", why),
    ]
