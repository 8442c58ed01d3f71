"""What could not be looked at, or is broken, is never shown as healthy: generated tables, one look at all of them."""

from __future__ import annotations

from tests.conftest import Observed
from tests.models.health_worlds import contradictions, worlds


def test_no_table_is_called_healthier_than_it_is(observed: Observed) -> None:
    assert contradictions(observed, worlds(seed=1, count=14)) == []
