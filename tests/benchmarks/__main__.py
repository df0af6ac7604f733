"""Every figure that has an aim, as a table. Run: python -m tests.benchmarks [--rounds N] [--only NAME …]

Ratios of one run hold on any machine, and absolute figures on none: each is the median over rounds in which
what is compared takes turns. A file system in memory makes no fsync: TMPDIR should be on a disk.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from tests.benchmarks import clocks, mails, moves, over_http, record, starting
from tests.benchmarks.table import Row

SECTIONS: dict[str, Callable[[int], Iterator[Row]]] = {
    "moves": moves.measure,
    "http": over_http.measure,
    "clocks": clocks.measure,
    "record": record.measure,
    "mails": mails.measure,
    "bytes": lambda _: moves.measure_bytes(),
    "starting": starting.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    arguments = parser.parse_args()
    for name in arguments.only:
        for row in SECTIONS[name](arguments.rounds):
            print(row, flush=True)


main()
