"""The invariant of health over a few hundred generated tables."""

from __future__ import annotations

import pytest

from tests.conftest import Observed
from tests.models.health_worlds import contradictions, worlds


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_no_table_of_many_is_called_healthier_than_it_is(observed: Observed, seed: int) -> None:
    assert contradictions(observed, worlds(seed, count=140)) == []
