#!/usr/bin/env python3
"""Speed-up of the sampling part on 2 ranks and on 2 threads over 1 rank with 1 thread, in alternation.

usage: tests/bench/scaling.py build/release/bin/aleator [pairs]
The rate is (model evaluations after the warm-up) / (seconds after the warm-up), both from summary.json; the median of the
ratios of neighbouring runs is printed. Only a quiet machine gives a verdict.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

DECK = os.path.join(os.path.dirname(__file__), "../../input/aristoff_bangerth/quickstart.toml")
SETTINGS = ["job.posterior.compare=[]", "sampler.hmc.warmup=50", "sampler.hmc.draws=100", "sampler.hmc.thin=4",
            "run.report=false"]


def rate(program, ranks, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_PROC_BIND="false", OMPI_ALLOW_RUN_AS_ROOT="1",
                       OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "run")
        command = [program, "run", DECK, "--out", out]
        if ranks > 1:  # one process needs no launcher, which might bind its threads to one core
            command = ["mpirun", "-n", str(ranks), "--bind-to", "none"] + command
        for setting in SETTINGS:
            command += ["--set", setting]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        with open(os.path.join(out, "summary.json"), encoding="utf-8") as file:
            summary = json.load(file)
    return (summary["model_evaluations"] - summary["evaluations_at_first_draw"]) / summary["sampling_seconds"]


def main():
    program, pairs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rows = [(rate(program, 1, 1), rate(program, 2, 1), rate(program, 1, 2)) for _ in range(pairs)]
    print(f"1 rank, 1 thread: {statistics.median(r[0] for r in rows):.0f} model runs a second")
    for column, label in ((1, "2 ranks"), (2, "2 threads")):
        ratios = sorted(r[column] / r[0] for r in rows)
        print(f"{label}: x {statistics.median(ratios):.3f} (from {ratios[0]:.3f} to {ratios[-1]:.3f}, {pairs} pairs)")


if __name__ == "__main__":
    main()
