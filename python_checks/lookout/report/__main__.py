"""``python -m lookout.report.write target/static_index.html reports`` puts the docs of dbt beside the page."""

from __future__ import annotations

import sys
from pathlib import Path

from lookout.errors import DeliveryError
from lookout.report.docs import place_docs
from lookout.report.write import PAGE, write_file

if len(sys.argv) != 3:
    sys.exit("Name the static site that dbt made and the folder of reports: target/static_index.html reports.")
try:
    print(place_docs(Path(sys.argv[1]), Path(sys.argv[2]), PAGE, write_file))
except DeliveryError as error:
    sys.exit(str(error))
