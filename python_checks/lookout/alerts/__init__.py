"""Alerts as people handle them: answers, mutes and acknowledgements, and lists of alerts."""
