"""The four Markdown reports. Pure: the same data gives the same text."""
