"""A summary as Markdown for a comment on a pull request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from lookout.render import text
from lookout.render.templates import text_templates
from lookout.report.history.compare import Difference, compare, contract_key, location, unevaluated_tables
from lookout.report.markdown.alerts import NOBODY

Summary = Mapping[str, Any]
# GitHub accepts 65,536 characters in a comment.
MOST_ROWS, LONGEST_CELL = 20, 200
COVERAGE = (
    ("watched tables", "watched_tables"), ("tables that could not be evaluated", "not_evaluated"),
    ("tables", "tables"), ("described tables", "described_tables"), ("tested tables", "tested_tables"),
    ("failing tests", "failing_tests"), ("contracts held", "contracts_held"), ("contracts broken", "contracts_broken"),
    ("contracts not evaluated", "contracts_not_evaluated"),
)  # fmt: skip
OF_ALL_TABLES = ("described_tables", "tested_tables")
UNKNOWN = "⚪ NOT EVALUATED"


class Section(NamedTuple):
    """A part that can be folded: a title without data in it, a table, and whether it is open at first."""

    title: str
    body: str
    is_open: bool = False


def markdown_comment(now: Summary, base: Summary | None) -> str:
    """Return what changed since ``base``, for a comment on a pull request; the current state when there is no base.

    Both are summaries of ``history.summarize`` or ``history.read_summary``. The first line shows with an icon and a
    word whether it got worse or better; what could not be evaluated is never better nor unchanged. Names are always
    plain text and mention nobody; each table is cut after 20 rows, so that GitHub accepts the comment.
    """
    usable = base if base is not None and base["is_evaluated"] and now["is_evaluated"] else None
    if usable is None:
        headline, sections = _current_headline(now), _current_sections(now)
    else:
        difference = compare(now, usable)
        headline, sections = _change_headline(now, difference), _change_sections(now, usable, difference)
    filled = (
        text_templates("lookout.report")
        .get_template("pull_request.md.j2")
        .render(headline=headline, compared=_compared(now, base), notices=_notices(now, usable), sections=sections)
    )
    return filled.rstrip() + "\n"


def _current_headline(now: Summary) -> str:
    """Return the first line when there is nothing to compare with."""
    if not now["is_evaluated"]:
        return f"{UNKNOWN}: nothing can be said about the data"
    counts = now["counts"]
    state = _open_alerts(now["alerts"]) + _not_evaluated(now)
    if _critical(now["alerts"]) or counts["contracts_broken"]:
        return f"🔴 critical: {state}"
    if now["alerts"]:
        return f"🟡 warning: {state}"
    if counts["not_evaluated"] or counts["contracts_not_evaluated"] or not counts["watched_tables"]:
        return f"{UNKNOWN}: {state}"
    return f"🟢 no alerts: {text.plural(counts['watched_tables'], 'watched table')} evaluated"


def _change_headline(now: Summary, difference: Difference) -> str:
    """Return the first line of a comparison: worse before better, and what is still open."""
    broken, held = difference.contracts_to("broken"), difference.contracts_to("held")
    lost = difference.contracts_to("not evaluated")
    state = _open_alerts(now["alerts"]) + _not_evaluated(now)
    changes = ", ".join(_changes(difference))
    if changes:
        state = f"{changes}; {state}"
    if _critical(difference.new) or broken:
        return f"🔴 worse: {state}"
    if difference.new or difference.newly_unevaluated or lost or difference.slower:
        return f"🟡 worse: {state}"
    if difference.fixed or held:
        icon = "🟢" if _current_headline(now).startswith("🟢") else "🟡"
        return f"{icon} better: {state}"
    if difference.unwatched or _not_evaluated(now):
        return f"⚪ unchanged, partly NOT EVALUATED: {state}"
    return f"⚪ unchanged: {state}"


def _changes(difference: Difference) -> list[str]:
    new, slower, unwatched = difference.new, difference.slower, difference.unwatched
    broken, held = difference.contracts_to("broken"), difference.contracts_to("held")
    parts = [
        f"{text.plural(len(new), 'new alert')} ({_critical(new)} critical)" if new else "",
        f"{len(difference.resolved)} resolved" if difference.resolved else "",
        f"{text.plural(len(broken), 'contract')} broken" if broken else "",
        f"{text.plural(len(held), 'contract')} held again" if held else "",
        f"{text.plural(len(slower), 'dbt node')} slower" if slower else "",
        f"{text.plural(len(unwatched), 'table')} no longer watched" if unwatched else "",
    ]
    return [part for part in parts if part]


def _not_evaluated(now: Summary) -> str:
    """Return clauses about what could not be evaluated, each with a leading semicolon; empty when everything was."""
    counts = now["counts"]
    if not counts["watched_tables"]:
        return "; nothing is watched"
    clauses = ""
    if counts["not_evaluated"]:
        tables = text.plural(counts["watched_tables"], "watched table")
        clauses += f"; {counts['not_evaluated']} of {tables} NOT EVALUATED"
    if counts["contracts_not_evaluated"]:
        clauses += f"; {text.plural(counts['contracts_not_evaluated'], 'contract')} NOT EVALUATED"
    return clauses


def _compared(now: Summary, base: Summary | None) -> str:
    moment = f"As of {_utc(now['as_of'])} UTC"
    if now["clock"] != now["as_of"]:
        moment += f" (figures of the run at {_utc(now['clock'])} UTC)"
    if base is None:
        return f"{moment}. There is no earlier summary to compare with, so this says what stands, not what changed."
    if not base["is_evaluated"]:
        return (
            f"{moment}. The summary of {_utc(base['as_of'])} UTC was NOT EVALUATED, so this says what stands, not what"
            " changed."
        )
    return f"{moment}, compared with {_utc(base['as_of'])} UTC."


def _notices(now: Summary, base: Summary | None) -> list[str]:
    """Return sentences about what the comment leaves out, and why."""
    if now["missing"]:
        names = ", ".join(_code(name) for name in now["missing"])
        return [f"The monitoring schema lacks {names}: run `lookout run` first."]
    if not now["is_evaluated"]:
        return ["Nothing has been collected yet: run `lookout run` first."]
    if base is None:
        return []
    sides = [side for side, summary in (("now", now), ("before", base)) if not summary["nodes"]]
    if not sides:
        return []
    return [f"Run times of dbt nodes: NOT EVALUATED, no dbt invocation is known {' and '.join(sides)}."]


def _change_sections(now: Summary, base: Summary, difference: Difference) -> list[Section]:
    resolved = [
        (*row, state)
        for row, state in zip(_alert_rows(difference.resolved), _states(difference.resolved, now), strict=True)
    ]
    contracts = [(_code(name), f"**{new}**", old, _words(detail)) for name, old, new, detail in difference.contracts]
    lost = _table_rows(difference.newly_unevaluated)
    unwatched = [(_code(location(row)),) for row in difference.unwatched]
    slower = [
        (_code(node.name), f"{'≤ ' if node.is_bound else ''}{_seconds(node.before)}", _seconds(node.now))
        for node in difference.slower
    ]
    all_open = _alert_rows(now["alerts"]) if difference.new != now["alerts"] else []
    return [
        *_section("New alerts", _alert_rows(difference.new), ALERT_HEADINGS, is_open=True),
        *_section("Resolved alerts", resolved, (*ALERT_HEADINGS, "Table now")),
        *_section("Contracts that changed", contracts, ("Contract", "Now", "Before", "Why"), is_open=True),
        *_section("Tables that can no longer be evaluated", lost, TABLE_HEADINGS, is_open=True),
        *_section("Tables no longer watched", unwatched, ("Table",)),
        *_section("Slower dbt nodes", slower, ("Node", "Before>", "Now>")),
        *_section("Coverage", _coverage(now, base), ("", "Before>", "Now>", "Change>")),
        *_section("Scores", _scores(now, base), ("Scope", "Name", "Before", "Now")),
        *_section("All open alerts", all_open, ALERT_HEADINGS),
    ]


def _current_sections(now: Summary) -> list[Section]:
    contracts = [
        (_code(contract_key(row)), f"**{row['status']}**", _words(row["detail"]))
        for row in now["contracts"]
        if row["status"] != "held"
    ]
    unevaluated = _table_rows(unevaluated_tables(now))
    return [
        *_section("Open alerts", _alert_rows(now["alerts"]), ALERT_HEADINGS, is_open=True),
        *_section("Contracts that do not hold", contracts, ("Contract", "Status", "Why"), is_open=True),
        *_section("Tables that could not be evaluated", unevaluated, TABLE_HEADINGS, is_open=True),
    ]


def _section(
    title: str, rows: Sequence[Sequence[str]], headings: Iterable[str], is_open: bool = False
) -> list[Section]:
    """Return a section with a table of at most ``MOST_ROWS`` rows; no section when there are no rows."""
    if not rows:
        return []
    hidden = len(rows) - MOST_ROWS
    more = f"\n\n… and {text.number(hidden)} more." if hidden > 0 else ""
    return [Section(f"{title} ({len(rows)})", text.table(headings, rows[:MOST_ROWS]) + more, is_open)]


ALERT_HEADINGS = ("Severity", "Type", "Where", "Since (UTC)", "What happened", "Owner")
TABLE_HEADINGS = ("Table", "Why")


def _alert_rows(alerts: Sequence[Summary]) -> list[tuple[str, ...]]:
    return [
        (
            _severity(alert["severity"]),
            _words(alert["type"]),
            _subject(alert),
            _utc(alert["since"]),
            _words(alert["description"]),
            _words(alert["owner"] or NOBODY),
        )
        for alert in alerts
    ]


def _subject(alert: Summary) -> str:
    column = f" of {_code(alert['column'])}" if alert["column"] else ""
    return f"{_code(location(alert))} {_words(alert['metric'])}{column}"


def _severity(severity: str) -> str:
    return "🔴 **critical**" if severity == "critical" else f"🟡 {_words(severity)}"


def _states(alerts: Iterable[Summary], now: Summary) -> list[str]:
    """Return for each resolved alert whether its table is still evaluated."""
    status_of = {location(row): row["status"] for row in now["tables"]}
    states = [status_of.get(location(alert), "not watched") for alert in alerts]
    return [state if state == "evaluated" else f"**{state.upper()}**" for state in states]


def _table_rows(tables: Iterable[Summary]) -> list[tuple[str, str]]:
    return [(_code(location(row)), _words(row["message"])) for row in tables]


def _coverage(now: Summary, base: Summary) -> list[tuple[str, ...]]:
    """Return the counts that changed; those of ``OF_ALL_TABLES`` with their share of all tables."""
    rows: list[tuple[str, ...]] = []
    for label, name in COVERAGE:
        new, old = now["counts"][name], base["counts"][name]
        if new != old:
            rows.append((label, _share(base, name), _share(now, name), f"{new - old:+,}"))
    return rows


def _share(summary: Summary, name: str) -> str:
    count, tables = summary["counts"][name], summary["counts"]["tables"]
    share = f" ({text.percent(count, tables)})" if name in OF_ALL_TABLES and tables else ""
    return text.number(count) + share


def _scores(now: Summary, base: Summary) -> list[tuple[str, ...]]:
    old = {(row["scope"], row["name"]): row for row in base["scorecard"]}
    new = {(row["scope"], row["name"]): row for row in now["scorecard"]}
    rows: list[tuple[str, ...]] = []
    # New rows first, in their order, then those that are gone.
    for scope, name in {**new, **old}:
        before, after = _score(old.get((scope, name))), _score(new.get((scope, name)))
        if before != after:
            rows.append((_words(scope), _words(name), before, after))
    return rows


def _score(row: Summary | None) -> str:
    if row is None:
        return text.NOTHING
    return "NOT EVALUATED" if row["score"] is None else f"{text.score(row['score'])} {_words(row['status'])}"


def _open_alerts(alerts: Sequence[Summary]) -> str:
    if not alerts:
        return "no open alerts"
    return f"{text.plural(len(alerts), 'open alert')}, {_critical(alerts)} critical"


def _critical(alerts: Iterable[Summary]) -> int:
    return sum(alert["severity"] == "critical" for alert in alerts)


def _utc(moment: str) -> str:
    return text.utc(datetime.fromisoformat(moment) if moment else None)


def _seconds(value: float) -> str:
    return f"{value:,.1f} s"


def _words(value: str) -> str:
    """Return text from data for a cell: cut, escaped, and without mentions, so that an @ in a name notifies nobody."""
    return text.cell(_cut(value)).replace("@", "@\u200b").replace("://", ":\u200b//")


def _code(name: str) -> str:
    return text.code(_cut(name))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_CELL else value[: LONGEST_CELL - 1] + "…"
