"""Everything that measures matching against known pairs, and topics against labelled records, in one run: `make evaluate`."""

from __future__ import annotations

import runpy
import sys

EVALUATIONS = ("benchmarks.evaluate_git_training", "benchmarks.evaluate_truth", "benchmarks.bench_annotation")


def main() -> int:
    """Run each evaluation; the highest of their exit codes."""
    worst = 0
    for name in EVALUATIONS:
        print(f"\n=== {name.rpartition('.')[2]}", flush=True)
        sys.argv = [name]
        try:
            runpy.run_module(name, run_name="__main__")
        except SystemExit as ended:
            worst = max(worst, ended.code if isinstance(ended.code, int) else int(ended.code is not None))
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
