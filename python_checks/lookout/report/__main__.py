"""``python -m lookout.report target/static_index.html reports``: put the dbt docs site beside the page."""

from __future__ import annotations

import sys
from pathlib import Path

from lookout.errors import DeliveryError
from lookout.report.docs import publish_docs
from lookout.report.write import PAGE, write_file

if len(sys.argv) != 3:
    sys.exit("Name the static site that dbt made and the folder of reports: target/static_index.html reports.")
try:
    print(publish_docs(Path(sys.argv[1]), Path(sys.argv[2]), PAGE, write_file))
except DeliveryError as error:
    sys.exit(str(error))
