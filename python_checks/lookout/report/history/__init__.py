"""Small summaries of past reports, and how two of them differ."""
