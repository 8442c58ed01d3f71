"""How contracts and tables change: versions, differences, and whom a change breaks."""
