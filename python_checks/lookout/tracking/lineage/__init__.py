"""Who feeds whom: declared edges, their closure, and questions about them."""
