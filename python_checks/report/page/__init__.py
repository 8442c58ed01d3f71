"""The report people open: one HTML file that needs no network and no server."""

from python_checks.report.page.data import PageData, read_page
from python_checks.report.page.render import render_page

__all__ = ["PageData", "read_page", "render_page"]
