"""``python -m python_checks.report target/static_index.html reports`` puts the docs of dbt beside the page."""

from __future__ import annotations

import sys
from pathlib import Path

from python_checks.errors import DeliveryError
from python_checks.report import PAGE, write_file
from python_checks.report.docs import place_docs

if len(sys.argv) != 3:
    sys.exit("Name the static site that dbt made and the folder of reports: target/static_index.html reports.")
try:
    print(place_docs(Path(sys.argv[1]), Path(sys.argv[2]), PAGE, write_file))
except DeliveryError as error:
    sys.exit(str(error))
