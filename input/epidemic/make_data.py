"""Counts of new infections of a simulated epidemic: python3 make_data.py writes new_cases.txt and sqrt_new_cases.txt."""
import math
import random

BETA, GAMMA, POPULATION, INFECTIOUS = 0.4, 0.15, 20000.0, 15.0
DAYS, STEPS = 60, 1000  # Euler steps of a thousandth of a day: another method than the program's, and right to 1e-3


def poisson(mean, draw):
    """Knuth's method, in parts so that exp(-mean) does not underflow."""
    count = 0
    while mean > 0:
        part = min(mean, 30.0)
        mean -= part
        product, bound = draw.random(), math.exp(-part)
        while product > bound:
            count, product = count + 1, product * draw.random()
    return count


draw = random.Random(2026)
susceptible, infectious = POPULATION - INFECTIOUS, INFECTIOUS
counts = []
for _ in range(DAYS):
    before = susceptible
    for _ in range(STEPS):
        infections = BETA * susceptible * infectious / POPULATION / STEPS
        susceptible, infectious = susceptible - infections, infectious + infections - GAMMA * infectious / STEPS
    counts.append(poisson(before - susceptible, draw))
with open("new_cases.txt", "w") as file:
    file.write("# new infections on each of 60 days\n" + "".join(f"{n}\n" for n in counts))
with open("sqrt_new_cases.txt", "w") as file:
    file.write("# square roots of new_cases.txt\n" + "".join(f"{math.sqrt(n):.6f}\n" for n in counts))
