"""What the Keras example published, and what our run of its recipe gave."""

import csv
from pathlib import Path

DATA = Path(__file__).parent / "data"
TABLE = DATA / "document_losses.csv"
RESULT = DATA / "keras_example_at_iteration_4000.webp"


def published_losses():
    """The Keras example's loss table: total loss by iteration, each hundredth to 4,000."""
    return _column("document")


def measured_losses():
    """The same from our run of its recipe on its pictures; see `benchmarks/document_losses.py`."""
    return _column("ours")


def published_result():
    """The Keras example's own picture after 4,000 iterations, the path of a WebP file.

    The Keras authors', under the Apache licence 2.0.
    """
    return RESULT


def _column(name):
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {
            int(row["iteration"]): float(row[name]) for row in csv.DictReader(file) if row[name]
        }
