"""What bench_fields' circulant_* do, with scipy: a Matern field on n x n cells by circulant embedding in 2 n x 2 n, one thread;
and 256 Karhunen-Loeve modes of another on 256 x 256 cells by ARPACK, as prior/karhunen_loeve's set-up.

    OMP_NUM_THREADS=1 python3 tests/bench/fields_scipy.py [n]     (needs numpy and scipy)
"""
import sys
import time

import numpy as np
import scipy.fft
import scipy.sparse.linalg

n = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
m = 2 * n
d = np.minimum(np.arange(m), m - np.arange(m)) / n / 0.05 * np.sqrt(3.0)
s = np.hypot(d[:, None], d[None, :])
eigenvalues = scipy.fft.rfft2((1.0 + s) * np.exp(-s)).real  # nu = 3/2
root = np.sqrt(np.maximum(eigenvalues, 0.0)) * m
rng = np.random.default_rng(0)


def least_time(work, runs=15):
    times = []
    for _ in range(runs + 2):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times[2:])


def spectral_normals(z):
    """Half of a conjugate-symmetric normal spectrum; the columns 0 and n are left as they are, a few parts in 1000 of the work."""
    return z.view(np.complex128).reshape(m, n)


z = rng.standard_normal((m, m))
white = np.zeros((m, n + 1), complex)
out = np.empty_like(white)


def from_spectrum():
    out[:, :n] = spectral_normals(z)
    np.multiply(out, root, out=out)
    return scipy.fft.irfft2(out, s=(m, m), workers=1, overwrite_x=True)[:n, :n]


def filtered(noise):
    return scipy.fft.irfft2(scipy.fft.rfft2(noise, workers=1) * root, s=(m, m), workers=1, overwrite_x=True)[:n, :n]


print(f"spectrum -> field          {least_time(from_spectrum):10.0f} us")
print(f"white noise -> field       {least_time(lambda: filtered(z)):10.0f} us   (what is usually written: two transforms)")
print(f"normals, noise -> field    {least_time(lambda: filtered(rng.standard_normal((m, m)))):10.0f} us")


def modes(cells=256, count=256, length=0.1):
    d = np.minimum(np.arange(2 * cells), 2 * cells - np.arange(2 * cells)) / cells / length * np.sqrt(3.0)
    s = np.hypot(d[:, None], d[None, :])
    spectrum = scipy.fft.rfft2((1.0 + s) * np.exp(-s)).real / cells**2

    def multiply(x):
        wide = scipy.fft.rfft2(x.reshape(cells, cells), s=(2 * cells, 2 * cells)) * spectrum
        return scipy.fft.irfft2(wide)[:cells, :cells].ravel()

    size = cells * cells
    operator = scipy.sparse.linalg.LinearOperator((size, size), matvec=multiply, dtype=float)
    return scipy.sparse.linalg.eigsh(operator, k=count, which="LM", tol=1e-8)[0]


start = time.perf_counter()
values = modes()
print(f"256 modes of 256 x 256     {1e6 * (time.perf_counter() - start):10.0f} us   (largest {values[-1]:.8f}, least {values[0]:.4e})")
