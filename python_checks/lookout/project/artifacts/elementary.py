"""Messages of Elementary's tests, from its own table: dbt's artifact only counts rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd
from psycopg2 import sql

from lookout.database.store import Store
from lookout.errors import SourceError
from lookout.masking import mask_secrets
from lookout.project.artifacts.outcomes import FAILED, WARNED

logger = logging.getLogger(__name__)

RESULTS = "model.elementary.elementary_test_results"
TESTS = "elementary."
# One test may judge several metrics: each that stands out has a row of its own.
SENTENCES = """
    select test_unique_id, string_agg(distinct sentence, ' ') as message
    from (
        select test_unique_id, trim(regexp_replace(test_results_description, '\\s+', ' ', 'g')) as sentence
        from {table}
        where invocation_id = any(%s) and test_unique_id = any(%s) and status in ('fail', 'warn')
    ) as found
    where sentence <> ''
    group by test_unique_id
"""


def with_messages(store: Store, manifest: Mapping[str, Any], results: pd.DataFrame) -> pd.DataFrame:
    """Return rows for ``dbt_results``, with Elementary's sentence for its failing tests in place of dbt's count.

    dbt's message stays where the project has no Elementary, or where its table is missing, empty or not ours to read.
    """
    node = (manifest.get("nodes") or {}).get(RESULTS)
    failing = results["test_name"].str.startswith(TESTS) & results["outcome"].isin((FAILED, WARNED))
    if node is None or not failing.any():
        return results
    table = sql.Identifier(str(node["schema"]), str(node["alias"]))
    identities = [sorted(set(results.loc[failing, column])) for column in ("invocation_id", "node_id")]
    try:
        found = store.query(sql.SQL(SENTENCES).format(table=table), identities)
    except SourceError as error:
        logger.info("Elementary's own words cannot be read: %s", error)
        return results
    sentences = {str(node_id): mask_secrets(str(text))[:2000] for node_id, text in found.itertuples(index=False)}
    messages = results["node_id"].map(sentences).where(failing)
    return results.assign(message=messages.where(messages.notna(), results["message"]))
