"""Reports for other programs: pull request comments, JUnit XML, OpenLineage events."""
