"""What the Keras example published, and what our run of its recipe gave."""

import csv
from pathlib import Path

TABLE = Path(__file__).parent / "data" / "document_losses.csv"


def published_losses():
    """The Keras example's loss table: total loss by iteration, each hundredth to 4,000."""
    return _column("document")


def measured_losses():
    """The same from our run of its recipe on its pictures; see `benchmarks/document_losses.py`."""
    return _column("ours")


def _column(name):
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {
            int(row["iteration"]): float(row[name]) for row in csv.DictReader(file) if row[name]
        }
