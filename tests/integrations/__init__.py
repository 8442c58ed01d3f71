"""Tests that need what `make setup` does not install: other servers, a browser, other versions of dbt."""
