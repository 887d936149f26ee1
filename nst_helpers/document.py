"""What the document published, and what our run of its recipe gave."""

import csv
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "document_losses.csv"


def published_losses():
    """The document's loss table: total loss by iteration, each hundredth to 4,000."""
    return _column("document")


def measured_losses():
    """The same from our run of the document's recipe on its pictures; see `benchmarks/`."""
    return _column("ours")


def _column(name):
    with _TABLE.open(newline="", encoding="utf-8") as file:
        return {
            int(row["iteration"]): float(row[name]) for row in csv.DictReader(file) if row[name]
        }
