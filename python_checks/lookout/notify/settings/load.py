"""Load the notification settings: from lookout.yml, else from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lookout.errors import ConfigError
from lookout.masking import address_secrets, remember_secrets
from lookout.notify.settings.model import Route, Settings, Target
from lookout.notify.settings.reader import read_settings
from lookout.project.lookout_file import locate_file

URL_VARIABLE, LINK_VARIABLE = "LOOKOUT_NOTIFY_URL", "LOOKOUT_NOTIFY_LINK"

FROM_ENVIRONMENT = "environment"


def load_settings(root: Path, environment: Mapping[str, str] | None = None, *, is_strict: bool = True) -> Settings:
    """Return the settings of the project in ``root``; empty settings when there are no targets.

    Without `notifications` in lookout.yml, the variable LOOKOUT_NOTIFY_URL is the only target. Raises ConfigError
    that names every mistake; unless it ``is_strict``, only when nothing can be made of the rest. A variable that is not
    set is only a problem of the target that refers to it.
    """
    environment = os.environ if environment is None else environment
    file = locate_file(root)
    if file:
        settings = read_settings(file, environment)
        if settings is not None and settings.problems and is_strict:
            raise ConfigError("\n".join(settings.problems))
        if settings is not None:
            return settings
    url = environment.get(URL_VARIABLE, "").strip()
    if not url:
        return Settings()
    remember_secrets(address_secrets(url))
    target = Target(FROM_ENVIRONMENT, url)
    link = environment.get(LINK_VARIABLE, "").strip().rstrip("/")
    return Settings({target.name: target}, (Route((target.name,)),), link)
