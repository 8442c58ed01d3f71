"""Changes of contracts and tables: versions, differences, and whom a change breaks."""
