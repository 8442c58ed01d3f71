"""From data to HTML. Pure but for the charting library: the same data gives the same page, byte for byte."""

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
    """``index.html``. ``script`` is the charting library, by default the installed one.

    ``docs`` is the file name of the dbt docs beside it, empty when there are none. The first screen is plain HTML, so
    that it is there before any script runs, and without one.
    """
    script = chart_script() if script is None else script
    told = document(page)
    app = _app()
    html = (
        _environment()
        .get_template("index.html.j2")
        .render(
            as_of=told["asOf"],
            clock=told["clock"],
            verdict=verdict(page, told["alerts"], told["assets"]),
            open_alerts=[_told(page, alert) for alert in told["alerts"] if alert["open"]],
            unevaluated=page.rows("unevaluated"),
            utc=text.utc,
            nobody=alert_words.NOBODY,
            views=VIEWS,
            held_words=held_words,
            docs=docs,
            document=to_json(told),
            app=app,
            charts=script or "",
            needed="" if script else NEEDED,
            hashes=" ".join(_hash(source) for source in (app, script) if source),
        )
    )
    return html.rstrip() + "\n"


def _hash(source: str) -> str:
    """How the page's policy names a script that may run."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"


def verdict(page: PageData, alerts: list[Row], assets: list[Row]) -> Row:
    """Is the data all right: a state, a headline and a sentence. What was not evaluated is never all right."""
    report = page.report
    if report.missing:
        return {
            "state": "not evaluated",
            "headline": "Not evaluated",
            "text": f"The monitoring schema lacks {', '.join(report.missing)}: run lookout run first.",
            "facts": [],
        }
    row = alert_words.overall(report)
    if row is None or (row["score"] is None and not any(alert["open"] for alert in alerts)):
        return {
            "state": "not evaluated",
            "headline": "Not evaluated",
            "text": "Nothing has been collected yet, so nothing can be said: run lookout run.",
            "facts": [],
        }
    still = [alert for alert in alerts if alert["open"]]
    gaps = _gaps(page, row, assets)
    state, headline = _state(still, gaps)
    facts = _facts(page, row, still, gaps)
    return {"state": state, "headline": headline, "text": _summary(still, gaps, row), "facts": facts}


def _gaps(page: PageData, row: Row, assets: list[Row]) -> list[str]:
    """What keeps the answer from being yes though nothing is open, one clause each."""
    blind = sum(asset["state"] == "not evaluated" for asset in assets if asset["watched"])
    contracts, watched = row.get("unevaluated_contracts") or 0, row["monitored_count"]
    age = page.report.as_of - page.report.clock
    gaps = [f"{blind} of {text.plural(watched, 'watched table')} could not be evaluated"] if blind else []
    if contracts:
        gaps.append(f"{text.plural(contracts, 'contract')} could not be evaluated")
    if not watched and not row.get("contract_count"):
        gaps.append("no table is watched yet")
    if age > STALE:
        gaps.append(f"the last run was {text.duration(age.total_seconds())} ago")
    return gaps


def _state(still: list[Row], gaps: list[str]) -> tuple[str, str]:
    if any(alert["severity"] == "critical" for alert in still):
        return "critical", "No: something is broken"
    if still:
        return "warning", "Mostly: there are warnings"
    if gaps:
        return "not evaluated", "Unknown: not everything could be evaluated"
    return "ok", "Yes: nothing is open"


def _summary(still: list[Row], gaps: list[str], row: Row) -> str:
    said = [f"{gap[0].upper()}{gap[1:]}." for gap in gaps]
    if not still:
        watched = text.plural(row["monitored_count"], "watched table")
        return " ".join(said) or f"All of {watched} could be evaluated, and no alert is open."
    oldest = min(still, key=lambda alert: alert["since"])
    held = _held_words(still)
    owners = sorted({alert["owner"] or alert_words.NOBODY for alert in still})
    more = f" and {len(owners) - MOST_NAMED} more" if len(owners) > MOST_NAMED else ""
    first = f"The oldest began on {text.utc(oldest['since'])} UTC."
    handled = [f"Of the open alerts {held}."] if held else []
    return " ".join([first, f"To act: {', '.join(owners[:MOST_NAMED])}{more}.", *handled, *said])


def _held_words(still: list[Row]) -> str:
    """1 is acknowledged, 2 are muted; empty when nobody has said a thing."""
    parts = []
    for kind in ("acknowledged", "muted"):
        count = sum(any(one["kind"] == kind for one in alert["held"]) for alert in still)
        parts += [f"{count} {'is' if count == 1 else 'are'} {kind}"] if count else []
    return " and ".join(parts)


def _facts(page: PageData, row: Row, still: list[Row], gaps: list[str]) -> list[tuple[str, str]]:
    critical = sum(alert["severity"] == "critical" for alert in still)
    hit = {name for alert in still for name in _hit(alert)}
    downstream = text.plural(len(hit), "table or report", "tables and reports")
    return [
        ("Open alerts", f"{len(still)}, {critical} critical"),
        ("Tables with an open alert", text.number(len({(a["connection"], a["asset"]) for a in still}))),
        ("Hit downstream", NOT_EVALUATED if "downstream" in page.lacking else downstream),
        ("Not evaluated", "; ".join(gaps) or f"0 of {text.plural(row['monitored_count'], 'watched table')}"),
        ("Score", NOT_EVALUATED if row["score"] is None else f"{text.score(row['score'])} of 100"),
    ]


def held_words(held: Row) -> str:
    """Acknowledged by ann; muted by ann until 2026-02-01 00:00 UTC."""
    by = f" by {held['by']}" if held["by"] else ""
    return f"{held['kind']}{by}" + (f" until {text.utc(held['until'])} UTC" if held["until"] else "")


def _hit(alert: Row) -> list[str]:
    return [*alert["exposures"], *alert["models"], *alert["others"]]


def _told(page: PageData, alert: Row) -> Row:
    """One open alert for the first screen."""
    hit = _hit(alert)
    more = f" and {len(hit) - MOST_NAMED} more" if len(hit) > MOST_NAMED else ""
    unknown = NOT_EVALUATED if "downstream" in page.lacking else "nothing known"
    place = f"{alert['connection']} {alert['asset']}".strip()
    return {**alert, "hit": ", ".join(hit[:MOST_NAMED]) + more if hit else unknown, "place": place}
