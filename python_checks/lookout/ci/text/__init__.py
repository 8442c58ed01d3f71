"""A review of a change as text: Markdown for people, JUnit XML for CI servers."""
