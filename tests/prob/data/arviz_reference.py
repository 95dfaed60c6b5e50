"""Reference figures for tests/prob/test_diagnostics.cpp, by ArviZ 0.23.4 with numpy 2.4 and scipy 1.17 (pip install arviz==0.23.4).
Run:  python arviz_reference.py > arviz_values.inc
Both sides build the same draws: u from a 64-bit congruential generator, x_t = rho x_{t-1} + u - 1/2, x_{-1} = 0,
then draw = offset + (1 + scale chain) x_t + shift chain, rounded down to a multiple of `grid` where grid > 0.
A single chain has no R-hat in ArviZ; there the value is ArviZ's own formula on the two halves."""
import math

import arviz
import numpy as np
from arviz.stats import diagnostics as d

#        name           seed chains draws  rho   shift scale grid offset
CASES = [
    ("plain",            1,  4,   400,    0.6,   0.0,  0.0, 0.0,   0.0),
    ("odd_length",       2,  3,   501,    0.6,   0.0,  0.0, 0.0,   3.0),
    ("shifted",          3,  4,   300,    0.3,   0.2,  0.0, 0.0,   0.0),
    ("scaled",           4,  4,   300,    0.3,   0.0,  0.7, 0.0,   0.0),
    ("ties",             5,  4,   250,    0.5,   0.0,  0.0, 0.25,  0.0),
    ("two_values",       6,  4,   200,    0.5,   0.0,  0.0, 2.0,   0.0),
    ("antithetic",       7,  4,   500,   -0.6,   0.0,  0.0, 0.0,   0.0),
    ("slow",             8,  2,  5000,    0.998, 0.0,  0.0, 0.0,   0.0),
    ("odd_slow",         9,  3,  3001,    0.998, 0.0,  0.0, 0.0,   0.0),
    ("single_chain",    10,  1,  1000,    0.8,   0.0,  0.0, 0.0,   0.0),
    ("four_draws",      11,  3,     4,    0.2,   0.0,  0.0, 0.0,   0.0),
    ("eleven_draws",    12,  2,    11,    0.2,   0.0,  0.0, 0.0,   0.0),
    ("far_offset",      13,  4,   200,    0.4,   0.0,  0.0, 0.0,   1e6),
]


def draws(seed, chains, n, rho, shift, scale, grid, offset):
    state, x = seed, np.empty((chains, n))
    for c in range(chains):
        value = 0.0
        for t in range(n):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            value = rho * value + (state >> 11) / 2.0**53 - 0.5
            y = (1.0 + scale * c) * value + shift * c
            x[c, t] = offset + (grid * math.floor(y / grid) if grid > 0 else y)
    return x


def single_chain_rhat(x):
    halves = d._split_chains(x)
    return max(d._rhat(d._z_scale(halves)), d._rhat(d._z_scale(abs(halves - np.median(halves)))))


for name, *how in CASES:
    x = draws(*how)
    ess = lambda method, **k: float(arviz.ess(x, method=method, **k))
    mcse = lambda method, **k: float(arviz.mcse(x, method=method, **k))
    figures = [x.mean(), x.std(ddof=1), mcse("mean"), ess("bulk"), ess("tail"),
               arviz.rhat(x) if len(x) > 1 else single_chain_rhat(x), *np.quantile(x, [0.05, 0.5, 0.95]),
               ess("mean"), ess("sd"), ess("quantile", prob=0.25), mcse("sd"), mcse("quantile", prob=0.25),
               float(np.mean(arviz.autocov(x)[:, 3]) / np.mean(arviz.autocov(x)[:, 0]))]
    seed, chains, n, *rest = how
    print(f'{{"{name}", {seed}, {chains}, {n}, {", ".join(map(repr, rest))},\n {{' +
          ", ".join("kNone" if math.isnan(v) else repr(float(v)) for v in figures) + "}},")
