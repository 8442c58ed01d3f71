"""What dbt says about its own runs: live events, artifacts and dbt.log."""
