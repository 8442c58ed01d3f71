"""Pipeline tracking: what ran, when, how it ended, how far it came, and where its data went. See `track`."""

from python_checks.track.model import Address, Limit, Pipeline, PipelineType
from python_checks.track.sdk import current, track
from python_checks.track.sdk_execution import Execution, Result
from python_checks.track.sdk_tracker import Tracker, default_tracker

__all__ = [
    "Address",
    "Execution",
    "Limit",
    "Pipeline",
    "PipelineType",
    "Result",
    "Tracker",
    "current",
    "default_tracker",
    "track",
]
