"""Writes a quarter of a ring as a mesh of Gmsh (MSH 2.2): make_mesh.py CELLS FILE, CELLS along the radius, three times as many along the angle.

The order of the triangles is such that triangles 4 e to 4 e + 3 of twice as many cells lie in triangle e.
"""
import sys

import numpy as np

INNER, OUTER = 0.5, 1.0


def triangles_of(cells, levels):
    """Corners in (radius, angle) counted in the finest cells, level by level cut at the middles of their sides."""
    scale = 2**levels
    coarse = []
    for j in range(3 * cells):
        for i in range(cells):
            a, b, c, d = (scale * np.array(p) for p in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)))
            coarse += [(a, b, c), (a, c, d)] if (i + j) % 2 == 0 else [(a, b, d), (b, c, d)]
    for _ in range(levels):
        coarse = [t for a, b, c in coarse for t in cut(a, b, c)]
    return coarse


def cut(a, b, c):
    ab, bc, ca = (a + b) // 2, (b + c) // 2, (c + a) // 2
    return (a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)


def write(cells, file):
    levels = 0
    while cells % 2 == 0 and cells > 8:
        cells, levels = cells // 2, levels + 1
    triangles, n = triangles_of(cells, levels), cells * 2**levels
    number = lambda p: int(p[1] * (n + 1) + p[0]) + 1
    nodes = [(INNER + (OUTER - INNER) * i / n, 0.5 * np.pi * j / (3 * n)) for j in range(3 * n + 1) for i in range(n + 1)]
    sides = [("inside", [((0, j), (0, j + 1)) for j in range(3 * n)]), ("outside", [((n, j), (n, j + 1)) for j in range(3 * n)])]
    with open(file, "w") as out:
        out.write("$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$PhysicalNames\n3\n1 1 \"inside\"\n1 2 \"outside\"\n2 3 \"wall\"\n$EndPhysicalNames\n")
        out.write(f"$Nodes\n{len(nodes)}\n")
        for k, (r, angle) in enumerate(nodes, 1):
            out.write(f"{k} {r * np.cos(angle):.10g} {r * np.sin(angle):.10g} 0\n")
        lines = [(tag, edge) for tag, (_, edges) in enumerate(sides, 1) for edge in edges]
        out.write(f"$EndNodes\n$Elements\n{len(lines) + len(triangles)}\n")
        for k, (tag, (p, q)) in enumerate(lines, 1):
            out.write(f"{k} 1 2 {tag} {tag} {number(p)} {number(q)}\n")
        for k, corners in enumerate(triangles, len(lines) + 1):
            out.write(f"{k} 2 2 3 3 {' '.join(str(number(p)) for p in corners)}\n")
        out.write("$EndElements\n")


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.argv[2])
