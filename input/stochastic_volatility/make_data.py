"""Daily returns with stochastic volatility, and the exact posterior of the deck.

h_k = mu + phi (h_(k-1) - mu) + sigma xi_k with h_1 of its stationary law, y_k = exp(h_k / 2) eta_k (Taylor 1982), with
mu = -0.5, phi = 0.95, sigma = 0.3, 250 days, seed 7. Writes returns.txt; prints means and standard deviations of the posterior: sums over a
grid of h for each (mu, phi, sigma) of a grid of parameters. Needs NumPy alone."""
import numpy as np

mu, phi, sigma, days = -0.5, 0.95, 0.3, 250


def make():
    rng = np.random.default_rng(7)
    z = rng.standard_normal() / np.sqrt(1 - phi**2)
    y = []
    for _ in range(days):
        y.append(np.exp((mu + sigma * z) / 2) * rng.standard_normal())
        z = phi * z + rng.standard_normal()
    return np.array(y)


def log_likelihoods(y, mus, phi, sigma):
    """Of all mus at once; z = (h - mu) / sigma on a grid of six stationary standard deviations, at steps of 0.4."""
    top = 6 / np.sqrt(1 - phi**2)
    z = np.linspace(-top, top, int(np.ceil(2 * top / 0.4)) + 1)
    step = z[1] - z[0]
    kernel = np.exp(-0.5 * (z[:, None] - phi * z[None, :]) ** 2) / np.sqrt(2 * np.pi) * step
    weight = np.exp(-0.5 * z**2 * (1 - phi**2)) * np.sqrt((1 - phi**2) / (2 * np.pi)) * step
    weight = np.repeat(weight[:, None], len(mus), 1)
    half = (mus[None, :] + sigma * z[:, None]) / 2
    total = np.zeros(len(mus))
    for k, value in enumerate(y):
        if k > 0:
            weight = kernel @ weight
        weight = weight * np.exp(-0.5 * (value * np.exp(-half)) ** 2 - half) / np.sqrt(2 * np.pi)
        sums = weight.sum(0)
        total += np.log(sums)
        weight /= sums
    return total


def posterior(y):
    mus = np.linspace(-3.6, 3, 45)
    logits = np.linspace(-0.5, 6.1, 34)  # of phi
    logs = np.linspace(-4.5, 0.6, 35)  # of sigma
    log_w = np.empty((len(mus), len(logits), len(logs)))
    for i, a in enumerate(logits):
        p = 1 / (1 + np.exp(-a))
        for j, b in enumerate(logs):
            s = np.exp(b)
            # mu ~ N(0, 1), phi ~ Beta(20, 2), sigma ~ Gamma(2, 10), with respect to (mu, logit phi, log sigma)
            prior = -0.5 * mus**2 - 0.5 * np.log(2 * np.pi)
            prior = prior + np.log(420) + 20 * np.log(p) + 2 * np.log(1 - p) + np.log(100) + 2 * b - 10 * s
            log_w[:, i, j] = log_likelihoods(y, mus, p, s) + prior
    w = np.exp(log_w - log_w.max())
    cell = (mus[1] - mus[0]) * (logits[1] - logits[0]) * (logs[1] - logs[0])
    evidence = np.log(w.sum() * cell) + log_w.max()
    w /= w.sum()
    edge = max(w[[0, -1]].sum(), w[:, [0, -1]].sum(), w[:, :, [0, -1]].sum())
    values = {"mu": mus[:, None, None], "phi": 1 / (1 + np.exp(-logits))[None, :, None], "sigma": np.exp(logs)[None, None, :]}
    for name, v in values.items():
        mean = (w * v).sum()
        print(f"{name}: mean {mean:.4f}, sd {np.sqrt((w * v**2).sum() - mean**2):.4f}")
    print(f"log evidence {evidence:.3f}; weight on the grid's edge {edge:.1e}")


if __name__ == "__main__":
    y = make()
    with open("returns.txt", "w") as file:
        file.write("day y\n")
        for day, value in enumerate(y):
            file.write(f"{day + 1} {value:.5f}\n")
    posterior(np.round(y, 5))
