"""From data to HTML. Pure but for the charting library: the same data gives the same page, byte for byte."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from python_checks.report import alerts as alert_words
from python_checks.report import text
from python_checks.report.page.bundle import NEEDED, chart_script
from python_checks.report.page.data import PageData
from python_checks.report.page.document import document
from python_checks.report.page.points import to_json

Row = dict[str, Any]
SCRIPTS = ("core", "charts", "filters", "alerts", "assets", "contracts", "pipelines", "lineage", "scorecard", "app")
VIEWS = (
    ("overview", "Overview"), ("alerts", "Alerts"), ("assets", "Assets"), ("contracts", "Contracts"),
    ("pipelines", "Pipelines"), ("lineage", "Lineage"), ("scorecards", "Scorecards"),
)  # fmt: skip
MOST_NAMED = 4


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("python_checks.report", "templates/page"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, autoescape=True,
    )  # fmt: skip


@cache
def _app() -> str:
    parts = [_environment().get_template(f"{name}.js.j2").render() for name in SCRIPTS]
    return "\n".join(['"use strict";', "(() => {", *parts, "})();", ""])


def render_page(page: PageData, *, script: str | None = None) -> str:
    """``index.html``. ``script`` is the charting library, by default the installed one.

    The first screen is plain HTML, so that it is there before any script runs, and without one.
    """
    script = chart_script() if script is None else script
    told = document(page)
    app = _app()
    html = _environment().get_template("index.html.j2").render(
        as_of=told["asOf"], clock=told["clock"], verdict=verdict(page, told["alerts"], told["assets"]),
        open_alerts=[_told(alert) for alert in told["alerts"] if alert["open"]], unevaluated=page.rows("unevaluated"),
        utc=text.utc, nobody=alert_words.NOBODY, views=VIEWS, document=to_json(told), app=app, charts=script or "",
        needed="" if script else NEEDED, hashes=" ".join(_hash(source) for source in (app, script) if source),
    )  # fmt: skip
    return html.rstrip() + "\n"


def _hash(source: str) -> str:
    """How the page's policy names a script that may run."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"


def verdict(page: PageData, alerts: list[Row], assets: list[Row]) -> Row:
    """Is the data all right: a state, a headline and a sentence. What was not evaluated is never all right."""
    report = page.report
    if report.missing:
        return {
            "state": "not evaluated", "headline": "Not evaluated",
            "text": f"The monitoring schema lacks {', '.join(report.missing)}: run lookout run first.", "facts": [],
        }  # fmt: skip
    row = alert_words.overall(report)
    if row is None or (row["score"] is None and not any(alert["open"] for alert in alerts)):
        return {
            "state": "not evaluated", "headline": "Not evaluated",
            "text": "Nothing has been collected yet, so nothing can be said: run lookout run.", "facts": [],
        }  # fmt: skip
    still = [alert for alert in alerts if alert["open"]]
    critical = sum(alert["severity"] == "critical" for alert in still)
    blind = sum(asset["state"] == "not evaluated" for asset in assets if asset["watched"])
    contracts = row.get("unevaluated_contracts") or 0
    watched = text.plural(row["monitored_count"], "watched table")
    state, headline = _state(critical, len(still) - critical, blind + contracts)
    hit = {name for alert in still for name in (*alert["models"], *alert["exposures"], *alert["others"])}
    facts = [
        ("Open alerts", f"{len(still)}, {critical} critical"),
        ("Tables with an open alert", text.number(len({(a["connection"], a["asset"]) for a in still}))),
        ("Hit downstream", text.plural(len(hit), "table or report", "tables and reports")),
        ("Could not be evaluated", f"{blind} of {watched}" + (f", {contracts} contracts" if contracts else "")),
        ("Score", f"{text.score(row['score'])} of 100" if row["score"] is not None else "not evaluated"),
    ]
    return {"state": state, "headline": headline, "text": _summary(still, blind, watched), "facts": facts}


def _state(critical: int, warnings: int, blind: int) -> tuple[str, str]:
    if critical:
        return "critical", "No: something is broken"
    if warnings:
        return "warning", "Mostly: there are warnings"
    if blind:
        return "not evaluated", "Unknown: not everything could be evaluated"
    return "ok", "Yes: nothing is open"


def _summary(still: list[Row], blind: int, watched: str) -> str:
    said = [f"{blind} of {watched} could not be evaluated."] if blind else []
    if not still:
        return " ".join(said) or f"All of {watched} could be evaluated, and no alert is open."
    oldest = min(still, key=lambda alert: alert["since"])
    owners = sorted({alert["owner"] or alert_words.NOBODY for alert in still})
    more = f" and {len(owners) - MOST_NAMED} more" if len(owners) > MOST_NAMED else ""
    first = f"The oldest began on {text.utc(oldest['since'])} UTC."
    return " ".join([first, f"To act: {', '.join(owners[:MOST_NAMED])}{more}.", *said])


def _told(alert: Row) -> Row:
    """One open alert for the first screen."""
    hit = [*alert["exposures"], *alert["models"], *alert["others"]]
    more = f" and {alert['downstream'] - MOST_NAMED} more" if len(hit) > MOST_NAMED else ""
    downstream = ", ".join(hit[:MOST_NAMED]) + more if hit else "nothing known"
    return {**alert, "hit": downstream, "place": f"{alert['connection']} {alert['asset']}".strip()}
