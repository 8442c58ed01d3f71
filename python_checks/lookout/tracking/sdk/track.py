"""The function ``track``: ``with track("load orders") as run:`` around some work, or ``@track(...)`` on a function.

Whatever happens to the monitoring database, the work goes on: events wait in a spool file and are delivered later.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from lookout.tracking.model import Address, Limit, Pipeline, PipelineType
from lookout.tracking.sdk.execution import CURRENT, Execution
from lookout.tracking.sdk.tracker import Tracker, Tracking

logger = logging.getLogger(__name__)


def track(
    pipeline: Pipeline | str,
    *,
    pipeline_type: PipelineType | str | None = None,
    owner: str = "",
    freshness: Limit | str | None = None,
    timeliness: Limit | str | None = None,
    sources: Sequence[Address | str] | None = None,
    targets: Sequence[Address | str] | None = None,
    next_watermark: Any = None,
    default_watermark: Any = None,
    parent: Execution | str | None = None,
    metadata: Mapping[str, Any] | None = None,
    monotonic: bool = False,
    context: Any = None,
    tracker: Tracker | None = None,
) -> Tracking:
    """Track a pipeline: ``with track("load orders") as run:``, ``async with``, or ``@track("load orders")``.

    ``next_watermark`` is the watermark once this execution succeeds; it may also be set on ``run``.
    ``default_watermark`` is what ``run.watermark`` is before the first success. ``monotonic`` keeps the watermark from
    moving back. ``parent`` is found automatically when executions are nested. ``metadata`` is kept with the execution;
    ``context`` is the context of Dagster or Airflow. Raises ConfigError when a setting is wrong, and nothing else.
    """
    settings = {
        "pipeline_type": pipeline_type,
        "owner": owner,
        "freshness": freshness,
        "timeliness": timeliness,
        "sources": sources,
        "targets": targets,
    }
    return Tracking(
        tracker,
        pipeline,
        next_watermark=next_watermark,
        default_watermark=default_watermark,
        parent=parent,
        metadata=metadata,
        monotonic=monotonic,
        context=context,
        **{name: value for name, value in settings.items() if value not in (None, "")},
    )


def current() -> Execution | None:
    """Return the innermost execution that is running here; None when there is none."""
    return CURRENT.get()
