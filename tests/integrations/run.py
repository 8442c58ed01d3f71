"""`make test-integrations`: prepare each suite, run its tests and print a table.

    python -m tests.integrations.run [SUITE ...] [--jobs N] [--names]

A suite that cannot be prepared is "not run", with the reason, and fails nothing. A test that fails does, and so does a
suite that takes longer than its budget, which is ended. ``suites.py`` has the suites.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.prepare import KEPT, ROOT, NotRunError
from tests.integrations.suites import SUITES, Suite

# pytest is asked to stop first, so that its fixtures end what they started.
GRACE_SECONDS = 20.0


@dataclass(frozen=True)
class Outcome:
    """What came of a suite. ``note`` is why it was not run, or what went wrong beside its tests."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    is_run: bool = True
    note: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(description="Run the tests that need other servers, a browser or other tools.")
    parser.add_argument("suite", nargs="*", help="a suite, or the part of its name before the hyphen; default: all")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="suites at a time")
    parser.add_argument("--names", action="store_true", help="only say what the suites are")
    options = parser.parse_args(arguments)
    if options.names:
        print("Left to `make test-integrations`: " + ", ".join(suite.name for suite in SUITES) + ".")
        return 0
    chosen = [suite for suite in SUITES if not options.suite or {suite.name, suite.group} & set(options.suite)]
    unknown = set(options.suite) - {name for suite in SUITES for name in (suite.name, suite.group)}
    if unknown:
        names = ", ".join(suite.name for suite in SUITES)
        print(f"There is no suite {', '.join(sorted(unknown))}: choose from {names}.", file=sys.stderr)
        return 2
    # Where this was started in the background, the tests would take no notice of being interrupted either.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    (KEPT / "logs").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=max(1, options.jobs)) as pool:
        outcomes = list(pool.map(run, chosen))
    show(outcomes)
    return 1 if any(outcome.failed for outcome in outcomes) else 0


def run(suite: Suite) -> Outcome:
    """Prepare a suite and run its tests."""
    began = time.monotonic()
    try:
        with suite.prepare() as environment:
            print(f"{suite.name}: running, ready after {time.monotonic() - began:.0f} s", flush=True)
            outcome = run_tests(suite, environment)
    except NotRunError as error:
        outcome = Outcome(suite.name, seconds=time.monotonic() - began, is_run=False, note=str(error))
    except (OSError, subprocess.SubprocessError) as error:
        note = f"it could not be prepared: {type(error).__name__}: {error}"
        outcome = Outcome(suite.name, failed=1, seconds=time.monotonic() - began, note=note)
    say(outcome)
    return outcome


def run_tests(suite: Suite, environment: dict[str, str]) -> Outcome:
    """Run pytest within the suite's budget and read its counts; what it prints goes to a file."""
    log, report = (KEPT / "logs" / f"{suite.name}.{kind}" for kind in ("log", "xml"))
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *suite.tests, f"--junitxml={report}", "-p", "no:cacheprovider"]
    began, is_over = time.monotonic(), False
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=file, stderr=file, start_new_session=True
        )
        try:
            process.wait(suite.budget)
        except subprocess.TimeoutExpired:
            is_over = True
        finally:
            end(process)
    counts = read_counts(report)
    seconds = time.monotonic() - began
    failed, note = counts["failed"], ""
    if is_over:
        failed, note = failed + 1, f"it was ended after its budget of {suite.budget} s"
    elif process.returncode not in (0, 1) or (process.returncode == 1 and not failed):
        failed, note = failed + 1, f"pytest ended with exit code {process.returncode}"
    elif not counts["passed"] and not failed:
        failed, note = 1, "not one of its tests ran"
    return Outcome(suite.name, counts["passed"], failed, counts["skipped"], seconds, note=note)


def end(process: subprocess.Popen[bytes]) -> None:
    """End pytest and what it started, gently first."""
    for kind, patience in ((signal.SIGINT, GRACE_SECONDS), (signal.SIGKILL, None)):
        if process.poll() is not None:
            return
        os.killpg(process.pid, kind)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def read_counts(report: Path) -> dict[str, int]:
    """Return how many tests passed, failed and were skipped; errors count as failed."""
    if not report.is_file():
        return {"passed": 0, "failed": 0, "skipped": 0}
    found = [suite.attrib for suite in ElementTree.parse(report).getroot().iter("testsuite")]
    total, failures, errors, skipped = (
        sum(int(counts.get(kind, 0)) for counts in found) for kind in ("tests", "failures", "errors", "skipped")
    )
    return {"passed": total - failures - errors - skipped, "failed": failures + errors, "skipped": skipped}


def say(outcome: Outcome) -> None:
    """Print how a suite ended, with all that pytest printed when something failed."""
    if outcome.failed:
        log = KEPT / "logs" / f"{outcome.name}.log"
        text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        print(f"\n== {outcome.name}\n{text}== end of {outcome.name}\n", flush=True)
    print(f"{outcome.name}: {counts_of(outcome)}, {outcome.seconds:.0f} s", flush=True)


def counts_of(outcome: Outcome) -> str:
    """Return a suite's result in words."""
    if not outcome.is_run:
        return "not run"
    skipped = f", {outcome.skipped} skipped" if outcome.skipped else ""
    return f"{outcome.passed} passed, {outcome.failed} failed{skipped}"


def show(outcomes: Sequence[Outcome]) -> None:
    """Print the table and the closing line."""
    print(f"\n{'suite':<16}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for outcome in outcomes:
        counts = [outcome.passed, outcome.failed, outcome.skipped] if outcome.is_run else ["-", "-", "-"]
        print(f"{outcome.name:<16}{counts[0]:>8}{counts[1]:>8}{counts[2]:>9}{outcome.seconds:>9.0f}")
    for outcome in outcomes:
        if outcome.note:
            print(f"{'' if outcome.is_run else 'not run: '}{outcome.name}: {outcome.note}")
    passed, failed, skipped = (sum(getattr(one, kind) for one in outcomes) for kind in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))


if __name__ == "__main__":
    sys.exit(main())
