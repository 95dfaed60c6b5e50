#!/usr/bin/env python3
"""Makes data.csv: 2000 yes/no answers in 50 groups, with 5 slopes and an intercept of each group. Ours; seed 20261121."""
import math
import random

random.seed(20261121)
slopes = [1.0, -0.8, 0.5, 0.0, -0.3]
intercepts = [random.gauss(0.4, 0.7) for _ in range(50)]
print("y, group, x0, x1, x2, x3, x4")
for i in range(2000):
    group = i % 50
    x = [random.gauss(0.0, 1.0) for _ in slopes]
    eta = intercepts[group] + sum(b * v for b, v in zip(slopes, x))
    y = 1 if random.random() < 1.0 / (1.0 + math.exp(-eta)) else 0
    print(f"{y}, {group}, " + ", ".join(f"{v:.6f}" for v in x))
