"""Lookout: data observability for dbt and databases.

``from lookout import track`` is the whole of the SDK for people who track their own pipelines; see `lookout.tracking`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lookout.tracking.model import Address, Limit, Pipeline, PipelineType
    from lookout.tracking.sdk.execution import Execution, Result
    from lookout.tracking.sdk.track import current, track
    from lookout.tracking.sdk.tracker import Tracker, default_tracker

__version__ = "0.1.0"
__all__ = [
    "Address",
    "Execution",
    "Limit",
    "Pipeline",
    "PipelineType",
    "Result",
    "Tracker",
    "__version__",
    "current",
    "default_tracker",
    "track",
]
_HOMES = {
    "Address": "lookout.tracking.model",
    "Execution": "lookout.tracking.sdk.execution",
    "Limit": "lookout.tracking.model",
    "Pipeline": "lookout.tracking.model",
    "PipelineType": "lookout.tracking.model",
    "Result": "lookout.tracking.sdk.execution",
    "Tracker": "lookout.tracking.sdk.tracker",
    "current": "lookout.tracking.sdk.track",
    "default_tracker": "lookout.tracking.sdk.tracker",
    "track": "lookout.tracking.sdk.track",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: every other room imports this package and needs none of the SDK.
    if name not in _HOMES:
        raise AttributeError(f"module 'lookout' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
