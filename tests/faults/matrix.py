"""All rows of the fault matrix, in the order of the page."""

from __future__ import annotations

from tests.faults import of_company, of_folders, of_messages, of_runner, of_sources, of_warehouse
from tests.faults.rows import Row

ROWS: tuple[Row, ...] = (
    *of_warehouse.ROWS,
    *of_runner.ROWS,
    *of_sources.ROWS,
    *of_folders.ROWS,
    *of_company.ROWS,
    *of_messages.ROWS,
)
