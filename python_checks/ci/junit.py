"""A review as JUnit XML, the form in which CI servers read test results. Pure."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from python_checks.ci.model import Review
from python_checks.contracts.diff_report import change_text

# What XML 1.0 allows in no form at all (https://www.w3.org/TR/xml/#charsets).
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(review: Review) -> str:
    """Suites for what was built and for contracts. What failed or breaks is a failure; what could not be evaluated an
    error; a change that dbt refuses is one failing case."""
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
    for element in (nodes, contracts, root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            element.set(name, str(sum(1 for _ in element.iter(tag))))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _case(suite: ElementTree.Element, name: str, seconds: float = 0.0) -> ElementTree.Element:
    classname = f"lookout.{suite.get('name')}"
    return ElementTree.SubElement(suite, "testcase", classname=classname, name=_clean(name), time=f"{seconds:.3f}")


def _wrong(case: ElementTree.Element, tag: str, kind: str, said: str) -> None:
    ElementTree.SubElement(case, tag, type=kind, message=_clean(said)).text = _clean(said)


def _clean(said: str) -> str:
    return _FORBIDDEN.sub("\ufffd", said)
