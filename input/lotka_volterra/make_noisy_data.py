"""Makes noisy_populations.txt: prey and predators whose numbers change by chance too (README.md)."""
import random

random.seed(7)
alpha, beta, gamma, delta = 0.55, 0.028, 0.8, 0.024  # a year
x, y, h = 30.0, 4.0, 0.001


def rates(x, y):
    return alpha * x - beta * x * y, delta * x * y - gamma * y


lines = ["# year, prey and predators counted (sd 2 each); the animals' own noise has sd 1.5 a year"]
for year in range(1, 31):
    for _ in range(1000):  # the midpoint rule
        dx, dy = rates(x, y)
        dx, dy = rates(x + 0.5 * h * dx, y + 0.5 * h * dy)
        x, y = x + h * dx, y + h * dy
    x, y = max(x + random.gauss(0.0, 1.5), 0.1), max(y + random.gauss(0.0, 1.5), 0.1)
    lines.append(f"{year} {x + random.gauss(0.0, 2.0):.4f} {y + random.gauss(0.0, 2.0):.4f}")
with open("noisy_populations.txt", "w") as out:
    out.write("\n".join(lines) + "\n")
