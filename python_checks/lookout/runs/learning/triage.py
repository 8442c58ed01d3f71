"""Triage of changed series: those that have to be learned before alerts can be derived.

The bounds of a bucket do not depend on its own value and are in ``baselines`` before the bucket is over. So one
statement in the database can clear the series whose new values cannot raise an alert, usually most of them, and the
others are learned first. Cleared series are learned afterwards all the same: triage decides the order of the work and
judges nothing, so it clears a series only when it is certain.
"""

from __future__ import annotations

from lookout.database.sql_files import read_sql

# The series to judge and from which bucket on: those with new or corrected observations, with other settings (all of
# their history), with new feedback, and those whose rows do not agree with the calendar or the feedback.
EVERYTHING = read_sql(__package__, "changed_series")

# At least one row, with the number of changed series. Laterals keep it at one index lookup for each new bucket,
# however many are stored.
NOT_CLEARED = read_sql(__package__, "not_cleared_series").replace("{changed_series}", EVERYTHING)
