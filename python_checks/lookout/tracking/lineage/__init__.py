"""Lineage: declared edges, their closure, and questions about them."""
