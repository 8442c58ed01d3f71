"""A summary for machines that read text: Markdown for a comment on a pull request, JUnit XML for CI servers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from lookout.render import text
from lookout.render.templates import text_templates
from lookout.report.exports.junit import junit
from lookout.report.history.compare import Difference, blind_tables, compare, contract_key, place
from lookout.report.markdown.alerts import NOBODY

__all__ = ["junit", "markdown_comment"]

Summary = Mapping[str, Any]
# GitHub takes 65,536 characters in a comment.
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
    """A part that can be folded: a title without data in it, a table, and whether it is shown at once."""

    title: str
    body: str
    is_open: bool = False


def markdown_comment(now: Summary, base: Summary | None) -> str:
    """What changed since ``base``, for a comment on a pull request; what stands now when there is no base.

    Both are summaries of ``history.summarize`` or ``history.read_summary``. One line with a sign and a word says
    whether it got worse or better; what could not be evaluated is never better nor unchanged. Names only ever show as
    text and mention nobody; each table is cut after 20 rows, so that GitHub takes the comment.
    """
    usable = base if base is not None and base["is_evaluated"] and now["is_evaluated"] else None
    if usable is None:
        headline, sections = _standing(now), _standing_sections(now)
    else:
        difference = compare(now, usable)
        headline, sections = _verdict(now, difference), _change_sections(now, usable, difference)
    filled = (
        text_templates("lookout.report")
        .get_template("pull_request.md.j2")
        .render(headline=headline, compared=_compared(now, base), notices=_notices(now, usable), sections=sections)
    )
    return filled.rstrip() + "\n"


def _standing(now: Summary) -> str:
    """The line when there is nothing to compare with."""
    if not now["is_evaluated"]:
        return f"{UNKNOWN}: nothing can be said about the data"
    counts, critical = now["counts"], _critical(now["alerts"])
    said = _open_alerts(now["alerts"]) if now["alerts"] else "no open alerts"
    said += _blindness(now)
    if critical or counts["contracts_broken"]:
        return f"🔴 critical: {said}"
    if now["alerts"]:
        return f"🟡 warning: {said}"
    if counts["not_evaluated"] or counts["contracts_not_evaluated"] or not counts["watched_tables"]:
        return f"{UNKNOWN}: {said}"
    return f"🟢 no alerts: {text.plural(counts['watched_tables'], 'watched table')} evaluated"


def _verdict(now: Summary, difference: Difference) -> str:
    """The line of a comparison: worse before better, and what is still wrong with it."""
    d = difference
    broken, mended = d.contracts_to("broken"), d.contracts_to("held")
    parts = [
        f"{text.plural(len(d.new), 'new alert')} ({_critical(d.new)} critical)" if d.new else "",
        f"{len(d.resolved)} resolved" if d.resolved else "",
        f"{text.plural(len(broken), 'contract')} broken" if broken else "",
        f"{text.plural(len(mended), 'contract')} held again" if mended else "",
        f"{text.plural(len(d.slower), 'dbt node')} slower" if d.slower else "",
        f"{text.plural(len(d.unwatched), 'table')} no longer watched" if d.unwatched else "",
    ]
    still = _open_alerts(now["alerts"]) if now["alerts"] else "no open alerts"
    said = f"{'; '.join(filter(None, [', '.join(filter(None, parts)), still]))}{_blindness(now)}"
    lost = [row for row in d.contracts if row[2] == "not evaluated"]
    if _critical(d.new) or broken:
        return f"🔴 worse: {said}"
    if d.new or d.newly_blind or lost or d.slower:
        return f"🟡 worse: {said}"
    if d.mended or mended:
        return f"{'🟢' if _standing(now).startswith('🟢') else '🟡'} better: {said}"
    if d.unwatched or _blindness(now):
        return f"⚪ unchanged, partly NOT EVALUATED: {said}"
    return f"⚪ unchanged: {said}"


def _blindness(now: Summary) -> str:
    counts = now["counts"]
    if not counts["watched_tables"]:
        return "; nothing is watched"
    said = ""
    if counts["not_evaluated"]:
        tables = text.plural(counts["watched_tables"], "watched table")
        said += f"; {counts['not_evaluated']} of {tables} NOT EVALUATED"
    if counts["contracts_not_evaluated"]:
        said += f"; {text.plural(counts['contracts_not_evaluated'], 'contract')} NOT EVALUATED"
    return said


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
    """What is not said, and why."""
    if now["missing"]:
        names = ", ".join(_code(name) for name in now["missing"])
        return [f"The monitoring schema lacks {names}: run `lookout run` first."]
    if not now["is_evaluated"]:
        return ["Nothing has been collected yet: run `lookout run` first."]
    if base is None:
        return []
    sides = [side for side, one in (("now", now), ("before", base)) if not one["nodes"]]
    return [f"Run times of dbt nodes: NOT EVALUATED, no dbt invocation is known {' and '.join(sides)}."] * bool(sides)


def _change_sections(now: Summary, base: Summary, d: Difference) -> list[Section]:
    contracts = [(_code(name), f"**{new}**", old, _said(detail)) for name, old, new, detail in d.contracts]
    slower = [(_code(one.name), f"{'≤ ' * one.is_bound}{_seconds(one.before)}", _seconds(one.now)) for one in d.slower]
    return [
        *_section("New alerts", _alert_rows(d.new), ALERT_HEADINGS, is_open=True),
        *_section(
            "Resolved alerts",
            [(*row, state) for row, state in zip(_alert_rows(d.resolved), _states(d.resolved, now), strict=True)],
            (*ALERT_HEADINGS, "Table now"),
        ),
        *_section("Contracts that changed", contracts, ("Contract", "Now", "Before", "Why"), is_open=True),
        *_section("Tables that can no longer be evaluated", _blind_rows(d.newly_blind), BLIND_HEADINGS, is_open=True),
        *_section("Tables no longer watched", [(_code(place(row)),) for row in d.unwatched], ("Table",)),
        *_section("Slower dbt nodes", slower, ("Node", "Before>", "Now>")),
        *_section("Coverage", _coverage(now, base), ("", "Before>", "Now>", "Change>")),
        *_section("Scores", _scores(now, base), ("Scope", "Name", "Before", "Now")),
        *_section("All open alerts", _alert_rows(now["alerts"]) if d.new != now["alerts"] else [], ALERT_HEADINGS),
    ]


def _standing_sections(now: Summary) -> list[Section]:
    off = [
        (_code(contract_key(row)), f"**{row['status']}**", _said(row["detail"]))
        for row in now["contracts"]
        if row["status"] != "held"
    ]
    return [
        *_section("Open alerts", _alert_rows(now["alerts"]), ALERT_HEADINGS, is_open=True),
        *_section("Contracts that do not hold", off, ("Contract", "Status", "Why"), is_open=True),
        *_section("Tables that could not be evaluated", _blind_rows(blind_tables(now)), BLIND_HEADINGS, is_open=True),
    ]


def _section(
    title: str, rows: Sequence[Sequence[str]], headings: Iterable[str], is_open: bool = False
) -> list[Section]:
    """A section of a table cut after some rows; none when there are no rows."""
    if not rows:
        return []
    hidden = len(rows) - MOST_ROWS
    more = f"\n\n… and {text.number(hidden)} more." if hidden > 0 else ""
    return [Section(f"{title} ({len(rows)})", text.table(headings, rows[:MOST_ROWS]) + more, is_open)]


ALERT_HEADINGS = ("Severity", "Type", "Where", "Since (UTC)", "What happened", "Owner")
BLIND_HEADINGS = ("Table", "Why")


def _alert_rows(alerts: Sequence[Summary]) -> list[tuple[str, ...]]:
    return [
        (
            _severity(a["severity"]),
            _said(a["type"]),
            f"{_code(place(a))} {_said(a['metric'])}" + (f" of {_code(a['column'])}" if a["column"] else ""),
            _utc(a["since"]),
            _said(a["description"]),
            _said(a["owner"] or NOBODY),
        )
        for a in alerts
    ]


def _severity(severity: str) -> str:
    return "🔴 **critical**" if severity == "critical" else f"🟡 {_said(severity)}"


def _states(alerts: Iterable[Summary], now: Summary) -> list[str]:
    """Whether the tables of alerts that are gone were looked at."""
    states = {place(row): row["status"] for row in now["tables"]}
    found = [states.get(place(alert), "not watched") for alert in alerts]
    return [state if state == "evaluated" else f"**{state.upper()}**" for state in found]


def _blind_rows(tables: Iterable[Summary]) -> list[tuple[str, str]]:
    return [(_code(place(row)), _said(row["message"])) for row in tables]


def _coverage(now: Summary, base: Summary) -> list[tuple[str, ...]]:
    """Counts that changed, and with all tables their share where the share changed."""
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
    old, new = ({(row["scope"], row["name"]): row for row in one["scorecard"]} for one in (base, now))
    told = {
        key: (_score(old.get(key)), _score(new.get(key))) for key in [*new, *(key for key in old if key not in new)]
    }
    return [(_said(scope), _said(name), *pair) for (scope, name), pair in told.items() if pair[0] != pair[1]]


def _score(row: Summary | None) -> str:
    if row is None:
        return text.NOTHING
    return "NOT EVALUATED" if row["score"] is None else f"{text.score(row['score'])} {_said(row['status'])}"


def _open_alerts(alerts: Sequence[Summary]) -> str:
    return f"{text.plural(len(alerts), 'open alert')}, {_critical(alerts)} critical"


def _critical(alerts: Iterable[Summary]) -> int:
    return sum(alert["severity"] == "critical" for alert in alerts)


def _utc(moment: str) -> str:
    return text.utc(datetime.fromisoformat(moment) if moment else None)


def _seconds(value: float) -> str:
    return f"{value:,.1f} s"


def _said(value: str) -> str:
    """Words of data in a cell: cut, nothing in them markup, and nobody is notified because a name has an @ in it."""
    return text.cell(_cut(value)).replace("@", "@\u200b").replace("://", ":\u200b//")


def _code(name: str) -> str:
    return text.code(_cut(name))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_CELL else value[: LONGEST_CELL - 1] + "…"
