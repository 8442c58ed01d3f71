"""Lookout's own dbt project: beside the code in an installed wheel, the root of a checkout otherwise."""

from __future__ import annotations

from pathlib import Path

from lookout.project.files import project_name

PACKAGE = "lookout"
# The folder of this package, `lookout/`.
CODE = Path(__file__).resolve().parent.parent
# Where the wheel has the dbt project, inside the package.
BUNDLED = "dbt_project"


def checkout() -> Path | None:
    """Return the root of the checkout that this code runs from; None for an installed wheel."""
    root = CODE.parent.parent
    return root if project_name(root) == PACKAGE else None


def own_project() -> Path:
    """Return the folder of Lookout's own dbt project, which is never written to.

    The checkout comes first, so that an edited model takes effect without installing again.
    """
    return checkout() or CODE / BUNDLED
