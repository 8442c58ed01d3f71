"""Pipeline tracking: what ran, when, how it ended, how far it came, and where its data went."""
