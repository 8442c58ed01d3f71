"""A summary as JUnit XML, the form in which CI servers read test results. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

from lookout.report.exports.junit_xml import clean, document
from lookout.report.history.compare import contract_key, location
from lookout.report.markdown.alerts import NOBODY

Summary = Mapping[str, Any]
_SHORT_KEY = 8


def junit(now: Summary) -> str:
    """Return one suite each for alerts, contracts and watched tables, with a case for each of them.

    Open critical alerts and broken contracts fail; what could not be evaluated is an error, and so is a summary in
    which nothing was evaluated or nothing is watched. Warnings pass, and their output shows the severity.
    """
    root = ElementTree.Element("testsuites", name="lookout")
    alerts, contracts, tables = (_suite(root, name, now["as_of"]) for name in ("alerts", "contracts", "tables"))
    for row in now["alerts"]:
        _alert(alerts, row)
    for row in now["contracts"]:
        _contract(contracts, row)
    for row in now["tables"]:
        case = _case(tables, location(row))
        if row["status"] == "learning":
            ElementTree.SubElement(case, "skipped", message=_line(f"learning: {row['message']}"))
        elif row["status"] != "evaluated":
            _fail(case, "error", "not evaluated", row["message"] or "It could not be evaluated.")
    if not now["is_evaluated"]:
        reason = "Nothing is collected"
        if now["missing"]:
            reason = f"The monitoring schema lacks {', '.join(now['missing'])}"
        _fail(_case(tables, "monitoring schema"), "error", "not evaluated", f"{reason}: run lookout run first.")
    elif not now["tables"]:
        _fail(_case(tables, "watched tables"), "error", "not evaluated", "No table is watched, so nothing is tested.")
    return document(root)


def _suite(root: ElementTree.Element, name: str, as_of: str) -> ElementTree.Element:
    moment = datetime.fromisoformat(as_of).astimezone(timezone.utc)
    return ElementTree.SubElement(root, "testsuite", name=name, timestamp=f"{moment:%Y-%m-%dT%H:%M:%S}")


def _case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=f"lookout.{suite.get('name')}", name=_line(name), time="0"
    )


def _alert(suite: ElementTree.Element, row: Summary) -> None:
    column = f" of {row['column']}" if row["column"] else ""
    # Two alerts of one series may be open at once; the key tells them apart and stays the same from run to run.
    case = _case(suite, f"{row['type']} {location(row)} {row['metric']}{column} ({row['key'][:_SHORT_KEY]})")
    if row["severity"] == "critical":
        _fail(case, "failure", row["type"], row["description"])
    lines = (
        f"{row['severity']} since {row['since'] or 'an unknown time'}",
        row["description"],
        f"owner: {row['owner'] or NOBODY}",
        f"alert: {row['key']}",
    )
    _output(case, "\n".join(lines))


def _contract(suite: ElementTree.Element, row: Summary) -> None:
    case = _case(suite, contract_key(row))
    if row["status"] == "broken":
        _fail(case, "failure", "broken", row["detail"] or "The contract is broken.")
    elif row["status"] != "held":
        _fail(case, "error", "not evaluated", row["detail"] or "It could not be evaluated.")
    _output(case, f"{row['status']}: {row['detail']}" if row["detail"] else row["status"])


def _fail(case: ElementTree.Element, tag: str, kind: str, message: str) -> None:
    ElementTree.SubElement(case, tag, type=_line(kind), message=_line(message)).text = clean(message)


def _output(case: ElementTree.Element, text: str) -> None:
    ElementTree.SubElement(case, "system-out").text = clean(text)


def _line(text: str) -> str:
    return " ".join(clean(text).split())
