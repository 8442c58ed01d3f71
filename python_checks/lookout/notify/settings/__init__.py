"""The notification settings of lookout.yml."""
