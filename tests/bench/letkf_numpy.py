"""Peers of filter/letkf on Lorenz-96 (40 variables, 7 members, inflation 1.04, radius 4): a cycle of forecast and analysis.
  python3 letkf_numpy.py [CYCLES]        needs numpy; with dapper (pip install dapper) its LETKF runs too
`loop`: one eigendecomposition a state, as published codes do it; `batched`: all 40 in one call of numpy.linalg.eigh.
Prints one JSON line for each: microseconds a cycle (the least mean of 20), time mean of the analysis error.
Threads from OMP_NUM_THREADS."""
import json
import sys
import time

import numpy as np

D, N, H, INFLATION, RADIUS = 40, 7, 0.05, 1.04, 4.0


def slope(x):
    return (np.roll(x, -1, -1) - np.roll(x, 2, -1)) * np.roll(x, 1, -1) - x + 8.0


def forecast(x):
    k1 = slope(x)
    k2 = slope(x + H / 2 * k1)
    k3 = slope(x + H / 2 * k2)
    k4 = slope(x + H * k3)
    return x + H / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def tapers():
    gap = np.abs(np.arange(D)[:, None] - np.arange(D))
    r = np.minimum(gap, D - gap) / (RADIUS * np.sqrt(10 / 3))
    near = 1 - 5 / 3 * r**2 + 5 / 8 * r**3 + r**4 / 2 - r**5 / 4
    safe = np.maximum(r, 1e-9)
    far = 4 - 5 * r + 5 / 3 * r**2 + 5 / 8 * r**3 - r**4 / 2 + r**5 / 12 - 2 / (3 * safe)
    return np.where(r <= 1, near, np.where(r < 2, far, 0.0))


def loop(x, y, rho):
    mean = x.mean(0)
    a = x - mean
    delta = y - mean
    out = np.empty_like(x)
    for i in range(D):
        at = rho[i] > 0
        weighted = a[:, at] * rho[i, at]
        values, v = np.linalg.eigh((N - 1) * np.eye(N) + weighted @ a[:, at].T)
        w = v @ ((v.T @ (weighted @ delta[at])) / values)
        root = (v * np.sqrt((N - 1) / values)) @ v.T
        out[:, i] = mean[i] + w @ a[:, i] + INFLATION * (root @ a[:, i])
    return out


def batched(x, y, rho):
    mean = x.mean(0)
    a = x - mean
    weighted = rho[:, None, :] * a[None]
    values, v = np.linalg.eigh((N - 1) * np.eye(N) + weighted @ a.T)
    b = weighted @ (y - mean)
    z = np.einsum("ijk,ji->ik", v, a)
    shift = (np.einsum("ijk,ij->ik", v, b) / values * z).sum(1)
    return mean + shift + INFLATION * np.einsum("ijk,ik->ji", v, np.sqrt((N - 1) / values) * z)


def run(name, analysis, cycles):
    rng, rho, errors, spent = np.random.default_rng(1), tapers(), [], []
    truth = np.full(D, 8.0) + 0.01 * rng.standard_normal(D)
    for _ in range(400):
        truth = forecast(truth)
    x = truth + 0.03 * rng.standard_normal((N, D))
    for _ in range(cycles):
        truth = forecast(truth)
        y = truth + rng.standard_normal(D)
        start = time.perf_counter()
        x = analysis(forecast(x), y, rho)
        spent.append(time.perf_counter() - start)
        errors.append(np.sqrt(np.mean((x.mean(0) - truth) ** 2)))
    least = min(np.mean(spent[k:k + 20]) for k in range(0, cycles, 20))
    print(json.dumps({"peer": f"numpy {np.__version__}, {name}", "us_per_cycle": round(1e6 * least, 1),
                      "rmse": round(float(np.mean(errors[cycles // 10:])), 3)}), flush=True)


def run_dapper(cycles):
    import dapper
    import dapper.da_methods as da
    from dapper.mods.Lorenz96.sakov2008 import HMM
    from dapper.tools.seeding import set_seed

    set_seed(1)
    HMM.tseq.Ko = cycles
    HMM.tseq.BurnIn = 0.1 * cycles * HMM.tseq.dto
    states, observations = HMM.simulate()
    method = da.LETKF(N=N, infl=INFLATION, loc_rad=RADIUS)
    start = time.perf_counter()
    method.assimilate(HMM, states, observations)
    spent = time.perf_counter() - start
    method.stats.average_in_time()
    print(json.dumps({"peer": f"dapper {dapper.__version__}, with its statistics",
                      "mean_us_per_cycle": round(1e6 * spent / cycles, 1),
                      "rmse": round(float(method.avrgs.err.rms.a.val), 3)}))


def main():
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    run("loop", loop, cycles)
    run("batched", batched, cycles)
    try:
        run_dapper(cycles)
    except ImportError:
        pass


main()
