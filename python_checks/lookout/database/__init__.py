"""The monitoring database: the embedded server, connections, the store and its upgrades."""
