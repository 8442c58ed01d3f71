"""Track work from a program: ``with track("load orders") as run:``."""
