"""The charting library (Vega, Vega-Lite and Vega-Embed) as one script, from the package that ships it."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
from pathlib import Path
from typing import Any

from lookout.project.files import UnusableFileError, read_text

logger = logging.getLogger(__name__)

NEEDED = "Charts need the package vl-convert-python: install it and write the report again."


def chart_script() -> str | None:
    """Return the script, to be run as the body of a function; None when the package is not installed.

    Bundling takes seconds, so the script is kept in the user's cache folder; where that is not writable, it is bundled
    every time.
    """
    try:
        vl_convert: Any = importlib.import_module("vl_convert")
    except ImportError:
        return None
    from platformdirs import user_cache_path

    cached = user_cache_path("lookout") / f"charts-{vl_convert.__version__}.js"
    try:
        script = read_text(cached)
        if script.endswith("\n//complete\n"):
            return script
    except UnusableFileError:
        pass
    # Nothing in the script may end the script element around it, or look like the beginning of a comment.
    script = str(vl_convert.javascript_bundle()).replace("</script", "<\\/script").replace("<!--", "<\\!--")
    script += "\n//complete\n"
    with contextlib.suppress(OSError):
        _keep(cached, script)
    return script


def _keep(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".charts-{os.getpid()}")
    fresh.write_text(script, encoding="utf-8", newline="\n")
    fresh.replace(path)
    logger.debug("kept the charting library in %s", path)
