"""Reports: Markdown, the page, exports for CI servers and catalogues, and their history."""
