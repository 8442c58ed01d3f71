"""A review as JUnit XML, the form in which CI servers read test results. Pure."""

from __future__ import annotations

from xml.etree import ElementTree

from lookout.ci.model import Review
from lookout.report.exports.contract_diff import change_text
from lookout.report.exports.junit_xml import clean, document


def to_junit(review: Review) -> str:
    """Return a suite of nodes and one of contracts.

    What failed or breaks is a failure, what could not be evaluated an error; a change that dbt refuses is one failing
    case.
    """
    root = ElementTree.Element("testsuites", name="lookout ci")
    nodes, contracts = (ElementTree.SubElement(root, "testsuite", name=name) for name in ("nodes", "contracts"))
    for one in review.outcomes:
        case = _case(nodes, f"{one.node.kind} {one.node.name}", one.seconds)
        if one.status == "failed":
            _wrong(case, "failure", "failed", one.message)
        elif one.status in ("not_evaluated", "skipped"):
            _wrong(case, "error", "not evaluated", one.message or "It was not built.")
    for number, problem in enumerate(review.problems, 1):
        _wrong(_case(nodes, f"problem {number}"), "error", "not evaluated", problem)
    if review.unparsed:
        _wrong(_case(nodes, "dbt parse"), "failure", "failed", review.unparsed)
    broken = {one.node_id for one in review.breaking}
    for asset in review.contracts.assets if review.contracts else ():
        case = _case(contracts, asset.name)
        if asset.node_id in broken:
            _wrong(case, "failure", "breaking", "; ".join(change_text(one.change) for one in asset.judgements))
    return document(root)


def _case(suite: ElementTree.Element, name: str, seconds: float = 0.0) -> ElementTree.Element:
    classname = f"lookout.{suite.get('name')}"
    return ElementTree.SubElement(suite, "testcase", classname=classname, name=clean(name), time=f"{seconds:.3f}")


def _wrong(case: ElementTree.Element, tag: str, kind: str, message: str) -> None:
    ElementTree.SubElement(case, tag, type=kind, message=clean(message)).text = clean(message)
