"""All rows of the fault matrix, in the order of the page."""

from __future__ import annotations

from tests.faults import of_warehouse
from tests.faults.rows import Row

ROWS: tuple[Row, ...] = (*of_warehouse.ROWS,)
