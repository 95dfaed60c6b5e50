"""Blood concentrations after one dose, from Bateman's function: python3 make_data.py writes the two tables."""
import math
import random

KA, CL, V, DOSE = 1.2, 4.0, 35.0, 300.0
TIMES = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0]
NOISE = 0.1  # of the logarithm

draw = random.Random(2026)
k = CL / V
exact = [DOSE * KA / (V * (KA - k)) * (math.exp(-k * t) - math.exp(-KA * t)) for t in TIMES]
measured = [c * math.exp(draw.gauss(0.0, NOISE)) for c in exact]
with open("concentrations.txt", "w") as file:
    file.write("# hours, mg/L\n" + "".join(f"{t:5} {c:.5f}\n" for t, c in zip(TIMES, measured)))
with open("log_concentrations.txt", "w") as file:
    file.write("# logarithms of concentrations.txt\n" + "".join(f"{math.log(c):.6f}\n" for c in measured))
