"""Deprecated: write ``from lookout import track``."""

from __future__ import annotations

import warnings

from lookout import (
    Address,
    Execution,
    Limit,
    Pipeline,
    PipelineType,
    Result,
    Tracker,
    current,
    default_tracker,
    track,
)

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

# FutureWarning, because Python shows a DeprecationWarning to nobody whose import is inside a module.
warnings.warn(
    "python_checks.track is now called lookout: write `from lookout import track`.", FutureWarning, stacklevel=2
)
