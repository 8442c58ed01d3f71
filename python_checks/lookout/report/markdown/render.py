"""The Markdown reports from their data. Pure: the same data gives the same text, byte for byte."""

from __future__ import annotations

from typing import Any

from lookout.render import text
from lookout.render.templates import text_templates
from lookout.report.data import ReportData
from lookout.report.markdown import alerts, contracts, detection, health, portfolio


def _render(template: str, data: ReportData, *, headline: str = "", **context: Any) -> str:
    note = ""
    if data.clock != data.as_of:
        note = f" The figures are those of the run at {text.utc(data.clock)} UTC."
    filled = (
        text_templates("lookout.report")
        .get_template(template)
        .render(as_of=text.utc(data.as_of), note=note, headline=headline or alerts.headline(data), **context)
    )
    return filled.rstrip() + "\n"


def render_scorecard(data: ReportData) -> str:
    """Return ``data_health_scorecard.md``: the baseline of every series."""
    return _render("data_health_scorecard.md.j2", data, sections=health.asset_sections(data), cut=health.cut(data))


def render_detection(data: ReportData) -> str:
    """Return ``detection_summary.md``: the findings of the detectors and their rules."""
    return _render(
        "detection_summary.md.j2",
        data,
        detectors=detection.detector_lines(data),
        unevaluated=detection.unevaluated_table(data),
        open_alerts=alerts.open_table(data),
        resolved_alerts=alerts.resolved_table(data),
        answers=alerts.answer_table(data),
        months=detection.month_table(data),
        thresholds=detection.threshold_table(data),
        freshness_limits=detection.freshness_lines(data),
        steps=detection.next_steps(data),
    )


def render_portfolio(data: ReportData) -> str:
    """Return ``PORTFOLIO_HEALTH_REPORT.md``: the four components and the figures behind them."""
    return _render(
        "PORTFOLIO_HEALTH_REPORT.md.j2",
        data,
        verdict=alerts.verdict(data),
        components=portfolio.component_table(data),
        factors=portfolio.factor_lines(data),
        sections=portfolio.component_sections(data),
        databases=portfolio.score_table(data, "connection", "Database"),
        owners=portfolio.score_table(data, "owner", "Owner"),
        infrastructure=portfolio.infrastructure_lines(data),
        types=portfolio.type_table(data),
        coverage=portfolio.coverage_table(data),
        recommendations=portfolio.recommendation_lines(data),
        gaps=portfolio.gap_lines(data),
        next_report=portfolio.next_report(data),
    )


def render_contracts(data: ReportData) -> str:
    """Return ``contract_validation_report.md``: the contracts that hold and the violations of the others."""
    return _render(
        "contract_validation_report.md.j2",
        data,
        headline=contracts.headline(data),
        summary=contracts.summary_table(data),
        sections=contracts.sections(data),
        logic=contracts.logic_lines(),
    )
