"""A review as Markdown, for a comment on a pull request and for a CI server's summary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from lookout.ci.model import FAILED, UNKNOWN, Coverage, Outcome, Review
from lookout.render import text
from lookout.render.templates import text_templates
from lookout.report.exports.contract_diff import headline, to_markdown

MARKER = "<!-- lookout-ci"
NOT_EVALUATED = "⚪ NOT EVALUATED"
# GitHub takes 65,536 characters in a comment.
MOST_ROWS, MOST_NAMES, LONGEST_CELL, LONGEST_COMMENT = 20, 6, 600, 60_000
KINDS = {"unit_test": "unit test", "test": "test"}
STATUS_WORDS = {
    "built": "built", "passed": "passed", "warned": "🟡 warned", "failed": "🔴 **failed**", "skipped": "⚪ skipped",
    "not_evaluated": "⚪ **NOT EVALUATED**",
}  # fmt: skip


class Part(NamedTuple):
    """A part of the comment: a title without data in it, Markdown, and whether it is shown at once."""

    title: str
    body: str
    is_open: bool = False


def to_comment(review: Review) -> str:
    """Return the comment. Its first line is hidden, and the same for every review of a project, to find it again.

    Names are shown as text and mention nobody; tables end after 20 rows, the whole at the length that GitHub takes.
    """
    filled = (
        text_templates("lookout.ci.text")
        .get_template("comment.md.j2")
        .render(
            marker=f"{MARKER}:{review.project} -->",
            verdict=verdict(review),
            facts=_facts(review),
            contracts=_contracts(review),
            parts=_parts(review),
        )
    )
    return _cut_whole(filled.rstrip().replace("@", "@\u200b") + "\n")


def to_dict(review: Review) -> dict[str, Any]:
    """Return the review as JSON values, with its verdict and exit code."""
    content = asdict(review)
    content["breaking"] = [one.name for one in review.breaking]
    return {"verdict": verdict(review), "exit_code": review.exit_code, **content}


def verdict(review: Review) -> str:
    """Return the review in one line: a sign, a word and counts, the worst first."""
    if review.is_unchanged:
        return "⚪ nothing changed"
    if review.unparsed:
        return "🔴 dbt refuses the change"
    broken = review.breaking
    failed, blind = review.of_status("failed"), review.of_status("not_evaluated")
    parts = [
        _count([one for one in failed if one.node.kind not in KINDS], "{} failed to build"),
        _count([one for one in failed if one.node.kind in KINDS], "{} failed", "test"),
        f"{text.plural(len(broken), 'contract')} broken" if broken else "",
        f"{len(blind)} of {text.plural(len(review.outcomes), 'node')} NOT EVALUATED" if blind else "",
        _count(review.of_status("skipped"), "{} not reached", "node"),
        _count(review.of_status("warned"), "{} warned", "test"),
        _good(review),
    ]
    words = ", ".join(filter(None, parts))
    if review.exit_code == FAILED:
        return f"🔴 {words}"
    if review.exit_code == UNKNOWN:
        return f"⚪ {words}" if "NOT EVALUATED" in words else f"{NOT_EVALUATED}: {words}"
    is_risky = review.contracts and any(one.level != "safe" for one in review.contracts.assets)
    sign = "🟡" if review.of_status("warned") or is_risky or review.slower else "🟢"
    return f"{sign} {words}"


def _good(review: Review) -> str:
    built = review.of_status("built")
    passed = [one for one in review.of_status("passed") if one.saw_rows is not False]
    parts = [_count(built, "{} built"), _count(passed, "{} passed", "test")]
    if review.without_rows:
        parts.append(f"{text.plural(len(review.without_rows), 'test')} had no rows to look at")
    return ", ".join(filter(None, parts)) or ("" if review.outcomes else "nothing to build")


def _count(outcomes: Sequence[Outcome], words: str, noun: str = "") -> str:
    """Return ``words`` filled with counts such as ``1 model and 2 seeds``; empty for no outcomes."""
    kinds: dict[str, int] = {}
    for one in outcomes:
        kind = noun or one.node.kind
        kinds[kind] = kinds.get(kind, 0) + 1
    names = " and ".join(text.plural(count, kind) for kind, count in kinds.items())
    return words.format(names) if names else ""


def _facts(review: Review) -> list[str]:
    """Return sentences on what was compared and where it was built."""
    compared = f"Compared with {_cell(review.base)}"
    if review.is_unchanged:
        return [f"{compared}: no file of the project {_code(review.project)} differs."]
    if review.unparsed:
        return [f"{compared}. What dbt says:", f"> {_cell(review.unparsed)}"]
    new = sum(one.is_new for one in review.modified)
    names = _names([one.name for one in review.modified])
    changed = f"{compared}: {text.plural(len(review.modified), 'node')} changed"
    changed += f", {new} of them new" if new else ""
    changed += f" ({names})" if names else ""
    changed += f", {text.plural(len(review.removed), 'table')} removed" if review.removed else ""
    where = f"Built with all that reads it on {_cell(review.where)}." if review.where else "Nothing had to be built."
    announced = [f"{_code(key.split('.')[-1])} ({_cell(how)})" for key, how in review.announced.items()]
    facts = [f"{changed}. {where}", *(_cell(one) for one in review.notices)]
    if announced:
        facts.append(f"Announced, so that it does not fail: {', '.join(announced)}.")
    return facts


def _contracts(review: Review) -> str:
    diff = review.contracts
    if diff is None or review.is_unchanged:
        return ""
    if not diff.assets:
        return f"{headline(diff)}." if diff.compared else ""
    return to_markdown(diff).replace("### ", "#### ", 1).rstrip()


def _parts(review: Review) -> list[Part]:
    read = review.downstream
    exposures = [(_code(one.name), _cell(one.owner or "nobody named")) for one in read if one.kind == "exposure"]
    tables = [(_code(one.name), one.kind, str(one.depth), _cell(one.owner)) for one in read if one.kind != "exposure"]
    skipped = review.of_status("skipped")
    listed = [one for one in review.outcomes if one.status in ("built", "passed", "warned")]
    return [
        *_part("Failed", _outcome_rows(review.of_status("failed")), WHY_HEADINGS, True),
        *_part("Could not be evaluated", _blind_rows(review), ("What is missing", "Nodes>", ""), True),
        *_part(
            "Not reached, because something before them failed",
            [row[:4] for row in _outcome_rows(skipped)],
            WHY_HEADINGS[:4],
        ),
        *_part("Warnings", _outcome_rows(review.of_status("warned")), WHY_HEADINGS, True),
        *_part("Who uses what is downstream", exposures, ("Exposure", "Owner"), True),
        *_part("Tables downstream", tables, ("Table", "Kind", "Steps>", "Owner")),
        *_part("Tests and documentation", [_coverage_row(one) for one in review.coverage], COVERAGE_HEADINGS),
        *_part(
            "Tables removed",
            [(_code(one.name), one.kind, _cell(one.owner)) for one in review.removed],
            ("Table", "Kind", "Owner"),
        ),
        *_part(
            "Slower",
            [(_code(s.name), f"{s.before:,.1f} s", f"{s.now:,.1f} s") for s in review.slower],
            ("Node", "Before>", "Now>"),
        ),
        *_part("Built and tested", [_listed_row(one) for one in listed], ("Node", "Kind", "Outcome", "Seconds>")),
    ]


WHY_HEADINGS = ("Node", "Kind", "File", "Owner", "Why")
COVERAGE_HEADINGS = ("Table", "Tests before>", "Tests now>", "Columns described before>", "Columns described now>", "")


def _coverage_row(one: Coverage) -> tuple[str, ...]:
    lacks = [*(["no test"] if not one.tests else []), *([] if one.has_description else ["no description"])]
    before = text.NOTHING if one.described_before is None else f"{one.described_before} of {one.columns_before}"
    tests = text.NOTHING if one.tests_before is None else str(one.tests_before)
    state = ["new"] if one.tests_before is None else []
    return (
        _code(one.name),
        tests,
        str(one.tests),
        before,
        f"{one.described} of {one.columns}",
        ", ".join([*state, *lacks]),
    )


def _outcome_rows(outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    return [
        (_code(one.node.name), _kind(one), _code(one.node.file), _cell(one.node.owner), _cell(one.message))
        for one in outcomes
    ]


def _blind_rows(review: Review) -> list[tuple[str, ...]]:
    """Return a row for each reason, with the nodes that it keeps from being evaluated, tables before tests."""
    nodes: dict[str, list[Outcome]] = {reason: [] for reason in review.problems}
    for one in sorted(review.of_status("not_evaluated"), key=lambda one: one.node.kind in KINDS):
        nodes.setdefault(one.message, []).append(one)
    return [
        (_cell(reason), str(len(found)), _names([one.node.name for one in found])) for reason, found in nodes.items()
    ]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(_code(name) for name in names[:MOST_NAMES]) + more


def _listed_row(one: Outcome) -> tuple[str, ...]:
    word = "⚪ no rows to look at" if one.saw_rows is False else STATUS_WORDS[one.status]
    return _code(one.node.name), _kind(one), word, f"{one.seconds:.1f}"


def _part(title: str, rows: Sequence[Sequence[str]], headings: Iterable[str], is_open: bool = False) -> list[Part]:
    if not rows:
        return []
    hidden = len(rows) - MOST_ROWS
    more = f"\n\n… and {text.number(hidden)} more." if hidden > 0 else ""
    return [Part(f"{title} ({len(rows)})", text.table(headings, rows[:MOST_ROWS]) + more, is_open)]


def _kind(one: Outcome) -> str:
    return KINDS.get(one.node.kind, one.node.kind)


def _cell(value: str) -> str:
    return text.cell(_cut(value)).replace("://", ":\u200b//")


def _code(name: str) -> str:
    return text.code(_cut(name))


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_CELL else value[: LONGEST_CELL - 1] + "…"


def _cut_whole(comment: str) -> str:
    if len(comment) <= LONGEST_COMMENT:
        return comment
    kept = comment[: comment.rindex("\n", 0, LONGEST_COMMENT)]
    closing = "\n\n</details>" * (kept.count("<details") - kept.count("</details>"))
    return f"{kept}{closing}\n\n… cut here, because comments have an end. The output of the job has the rest.\n"
