"""The page as HTML, from its data. Pure but for the charting library: the same data gives the same bytes."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from lookout.render import text
from lookout.render.points import to_json
from lookout.report.markdown import alerts as alert_words
from lookout.report.page.bundle import NEEDED, chart_script
from lookout.report.page.data import PageData
from lookout.report.page.document import document

Row = dict[str, Any]
SCRIPTS = ("core", "charts", "filters", "alerts", "assets", "contracts", "pipelines", "lineage", "scorecard", "app")
VIEWS = (
    ("overview", "Overview"), ("alerts", "Alerts"), ("assets", "Assets"), ("contracts", "Contracts"),
    ("pipelines", "Pipelines"), ("lineage", "Lineage"), ("scorecards", "Scorecards"),
)  # fmt: skip
MOST_NAMED = 4
NOT_EVALUATED = "not evaluated"
# Figures older than this no longer say that all is well.
STALE = timedelta(days=2)


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader("lookout.report", "templates/page"), PackageLoader("lookout.render")]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )


@cache
def _app() -> str:
    parts = [_environment().get_template(f"{name}.js.j2").render() for name in SCRIPTS]
    return "\n".join(['"use strict";', "(() => {", *parts, "})();", ""])


def render_page(page: PageData, *, script: str | None = None, docs: str = "") -> str:
    """Return ``index.html``. ``script`` is the charting library, by default the installed one.

    ``docs`` is the file name of the dbt docs beside it, empty when there are none. The first screen is plain HTML, so
    that it shows before any script runs, and without JavaScript.
    """
    script = chart_script() if script is None else script
    content = document(page)
    open_alerts = [alert for alert in content["alerts"] if alert["open"]]
    app = _app()
    html = (
        _environment()
        .get_template("index.html.j2")
        .render(
            as_of=content["asOf"],
            clock=content["clock"],
            verdict=verdict(page, open_alerts, content["assets"]),
            open_alerts=[_overview_row(page, alert) for alert in open_alerts],
            unevaluated=page.rows("unevaluated"),
            utc=text.utc,
            nobody=alert_words.NOBODY,
            views=VIEWS,
            held_words=held_words,
            docs=docs,
            document=to_json(content),
            app=app,
            charts=script or "",
            needed="" if script else NEEDED,
            hashes=" ".join(_hash(source) for source in (app, script) if source),
        )
    )
    return html.rstrip() + "\n"


def _hash(source: str) -> str:
    """Return the name of a script in the page's Content-Security-Policy, which allows only named scripts."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"


def verdict(page: PageData, open_alerts: list[Row], assets: list[Row]) -> Row:
    """Return the answer to "Is the data all right?": state, headline, text and facts.

    What was not evaluated is never all right.
    """
    report = page.report
    if report.missing:
        return {
            "state": "not evaluated",
            "headline": "Not evaluated",
            "text": f"The monitoring schema lacks {', '.join(report.missing)}: run lookout run first.",
            "facts": [],
        }
    row = alert_words.overall(report)
    if row is None or (row["score"] is None and not open_alerts):
        return {
            "state": "not evaluated",
            "headline": "Not evaluated",
            "text": "Nothing has been collected yet, so nothing can be said: run lookout run.",
            "facts": [],
        }
    gaps = _gaps(page, row, assets)
    learning = sum(asset["state"] == "learning" for asset in assets)
    state, headline = _state(open_alerts, gaps, learning)
    gaps += [f"{learning} of {text.plural(row['monitored_count'], 'watched table')} still learning"] * bool(learning)
    facts = _facts(page, row, open_alerts, gaps)
    return {"state": state, "headline": headline, "text": _summary(open_alerts, gaps, row), "facts": facts}


def _gaps(page: PageData, row: Row, assets: list[Row]) -> list[str]:
    """Return the reasons why the answer is not yes though no alert is open, one clause each."""
    unevaluated = sum(asset["state"] == "not evaluated" for asset in assets if asset["watched"])
    contracts, watched = row.get("unevaluated_contracts") or 0, row["monitored_count"]
    age = page.report.as_of - page.report.clock
    gaps = []
    if unevaluated:
        gaps.append(f"{unevaluated} of {text.plural(watched, 'watched table')} could not be evaluated")
    if contracts:
        gaps.append(f"{text.plural(contracts, 'contract')} could not be evaluated")
    if not watched and not row.get("contract_count"):
        gaps.append("no table is watched yet")
    if age > STALE:
        gaps.append(f"the last run was {text.duration(age.total_seconds())} ago")
    return gaps


def _state(open_alerts: list[Row], gaps: list[str], learning: int) -> tuple[str, str]:
    if any(alert["severity"] == "critical" for alert in open_alerts):
        return "critical", "No: something is broken"
    if open_alerts:
        return "warning", "Mostly: there are warnings"
    if gaps:
        return "not evaluated", "Unknown: not everything could be evaluated"
    if learning:
        return "learning", "Nothing is open, and not everything can be judged yet"
    return "ok", "Yes: nothing is open"


def _summary(open_alerts: list[Row], gaps: list[str], row: Row) -> str:
    sentences = [f"{gap[0].upper()}{gap[1:]}." for gap in gaps]
    if not open_alerts:
        watched = text.plural(row["monitored_count"], "watched table")
        return " ".join(sentences) or f"All of {watched} could be evaluated, and no alert is open."
    oldest = min(open_alerts, key=lambda alert: alert["since"])
    owners = sorted({alert["owner"] or alert_words.NOBODY for alert in open_alerts})
    more = f" and {len(owners) - MOST_NAMED} more" if len(owners) > MOST_NAMED else ""
    first = f"The oldest began on {text.utc(oldest['since'])} UTC."
    held = _held_counts(open_alerts)
    handled = [f"Of the open alerts {held}."] if held else []
    return " ".join([first, f"To act: {', '.join(owners[:MOST_NAMED])}{more}.", *handled, *sentences])


def _held_counts(open_alerts: list[Row]) -> str:
    """Return text like ``1 is acknowledged and 2 are muted``; empty when none is either."""
    parts = []
    for kind in ("acknowledged", "muted"):
        count = sum(any(mute["kind"] == kind for mute in alert["held"]) for alert in open_alerts)
        if count:
            parts.append(f"{count} {'is' if count == 1 else 'are'} {kind}")
    return " and ".join(parts)


def _facts(page: PageData, row: Row, open_alerts: list[Row], gaps: list[str]) -> list[tuple[str, str]]:
    critical = sum(alert["severity"] == "critical" for alert in open_alerts)
    tables = {(alert["connection"], alert["asset"]) for alert in open_alerts}
    hit = {name for alert in open_alerts for name in _hit(alert)}
    downstream = text.plural(len(hit), "table or report", "tables and reports")
    return [
        ("Open alerts", f"{len(open_alerts)}, {critical} critical"),
        ("Tables with an open alert", text.number(len(tables))),
        ("Hit downstream", NOT_EVALUATED if "downstream" in page.lacking else downstream),
        ("Not evaluated", "; ".join(gaps) or f"0 of {text.plural(row['monitored_count'], 'watched table')}"),
        ("Score", NOT_EVALUATED if row["score"] is None else f"{text.score(row['score'])} of 100"),
    ]


def held_words(held: Row) -> str:
    """Return text like ``acknowledged by ann`` or ``muted by ann until 2026-02-01 00:00 UTC``."""
    by = f" by {held['by']}" if held["by"] else ""
    until = f" until {text.utc(held['until'])} UTC" if held["until"] else ""
    return f"{held['kind']}{by}{until}"


def _hit(alert: Row) -> list[str]:
    """Return the names of everything downstream of an alert."""
    return [*alert["exposures"], *alert["models"], *alert["others"]]


def _overview_row(page: PageData, alert: Row) -> Row:
    """Return an open alert for the first screen, with the name of its table and what is hit downstream."""
    hit = _hit(alert)
    if hit:
        hit_text = ", ".join(hit[:MOST_NAMED])
        if len(hit) > MOST_NAMED:
            hit_text += f" and {len(hit) - MOST_NAMED} more"
    else:
        hit_text = NOT_EVALUATED if "downstream" in page.lacking else "nothing known"
    return {**alert, "hit": hit_text, "table": f"{alert['connection']} {alert['asset']}".strip()}
