"""SDK for programs that track their own work: ``with track("load orders") as run:``."""
