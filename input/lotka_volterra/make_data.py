"""Yearly counts of prey and predators: python3 make_data.py writes populations.txt and log_populations.txt."""
import math
import random

ALPHA, BETA, GAMMA, DELTA = 0.55, 0.028, 0.8, 0.024
YEARS, STEPS = 20, 20000  # Euler steps: another method than the program's, and right to 1e-3
NOISE = 0.2  # of the logarithm

draw = random.Random(2026)
prey, predators = 30.0, 4.0
rows = []
for _ in range(YEARS):
    for _ in range(STEPS):
        meetings = prey * predators
        prey, predators = (prey + (ALPHA * prey - BETA * meetings) / STEPS,
                           predators + (DELTA * meetings - GAMMA * predators) / STEPS)
    rows.append([n * math.exp(draw.gauss(0.0, NOISE)) for n in (prey, predators)])
with open("populations.txt", "w") as file:
    file.write("# prey and predators after each of 20 years\n" + "".join(f"{x:.4f} {y:.4f}\n" for x, y in rows))
with open("log_populations.txt", "w") as file:
    file.write("# logarithms of populations.txt\n"
               + "".join(f"{math.log(x):.6f} {math.log(y):.6f}\n" for x, y in rows))
