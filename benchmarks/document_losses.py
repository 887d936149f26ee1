"""Are our losses the Keras example's? 1,000 iterations of its recipe on its pictures.

Writes `benchmarks/document_losses.md`, beside the example's own table, and the table that lesson 7
shows. About 20 to 40 minutes on two cores. `--iterations 4000` for all of it.
"""

import argparse
import csv
from pathlib import Path

import nst_helpers as nst
from nst_helpers.reference import TABLE

HERE = Path(__file__).parent


def measure(iterations):
    config = nst.TransferConfig.tutorial(iterations=iterations)
    result = nst.transfer(nst.picture("paris"), nst.picture("starry_night"), config)
    return {row.iteration: row.total for row in result.losses}


def write_tables(published, ours):
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["iteration", "document", "ours"])
        for iteration, loss in published.items():
            mine = f"{ours[iteration]:.2f}" if iteration in ours else ""
            writer.writerow([iteration, f"{loss:.2f}", mine])
    lines = ["| iteration | Keras example | ours | difference |", "| ---: | ---: | ---: | ---: |"]
    for iteration, loss in published.items():
        if iteration in ours:
            mine = ours[iteration]
            lines.append(f"| {iteration} | {loss:.2f} | {mine:.2f} | {mine / loss - 1:+.3%} |")
    table = "\n".join(lines)
    text = f"# The Keras example's losses and ours\n\nMade by `document_losses.py`.\n\n{table}\n"
    (HERE / "document_losses.md").write_text(text, encoding="utf-8")
    print(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=1000)
    arguments = parser.parse_args()
    write_tables(nst.published_losses(), measure(arguments.iterations))


if __name__ == "__main__":
    main()
