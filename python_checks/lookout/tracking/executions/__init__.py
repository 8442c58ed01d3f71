"""The store of pipelines, executions and watermarks."""
