"""Peers of bench_ensemble: processor time, the least of RUNS, of
  eki    an update of ensemble Kalman inversion with perturbed data, J = 1000 members, d = 10^5 unknowns, p = 256 data (NumPy)
  svgd   a direction of Stein variational gradient descent, n = 10^4, d = 10, by blocks of a thousand particles (NumPy, and PyTorch where it is)
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python3 ensemble_peers.py eki|svgd [RUNS]"""
import sys
import time

import numpy as np

RANDOM = np.random.default_rng(0)


def least(work, runs):
    best = float("inf")
    work()
    for _ in range(runs):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return 1e3 * best


def eki(runs, members=1000, d=100000, p=256, variance=0.1):
    z, g = RANDOM.standard_normal((d, members)), RANDOM.standard_normal((p, members))  # a column a member, the faster way
    data = RANDOM.standard_normal((p, 1)) + np.sqrt(variance) * RANDOM.standard_normal((p, members))

    def update():
        deviations = g - g.mean(1, keepdims=True)
        inner = deviations @ deviations.T / (members - 1) + variance * np.eye(p)
        gain = (z - z.mean(1, keepdims=True)) @ deviations.T / (members - 1)
        return z + gain @ np.linalg.solve(inner, data - g)

    print(f"eki numpy {least(update, runs):.0f} ms")


def svgd(runs, n=10000, d=10, block=1000):
    x = RANDOM.standard_normal((n, d))
    square = float(d)

    def direction(lib, x, ones):
        norms = (x * x).sum(1)
        columns = lib.concatenate([-x - x / square, ones], 1) if lib is np else lib.cat([-x - x / square, ones], 1)
        parts = []
        for i in range(0, n, block):
            k = x[i:i + block] @ x.T
            k *= 2
            k -= norms[None]
            k -= norms[i:i + block, None]
            k *= 0.5 / square
            k = np.exp(k, out=k) if lib is np else k.exp_()
            sums = k @ columns
            parts.append((sums[:, :d] + x[i:i + block] * sums[:, d:] / square) / n)
        return parts

    for kind in (np.float64, np.float32):
        y = x.astype(kind)
        print(f"svgd numpy {kind.__name__} {least(lambda: direction(np, y, np.ones((n, 1), kind)), runs):.1f} ms")
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)
    for kind in (torch.float64, torch.float32):
        y = torch.from_numpy(x).to(kind)
        print(f"svgd {kind} {least(lambda: direction(torch, y, torch.ones((n, 1), dtype=kind)), runs):.1f} ms")


if __name__ == "__main__":
    (eki if sys.argv[1] == "eki" else svgd)(int(sys.argv[2]) if len(sys.argv) > 2 else 3)
