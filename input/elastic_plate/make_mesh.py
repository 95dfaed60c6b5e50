"""Writes a plate of 2 x 1 with four round inclusions as a mesh of Gmsh (MSH 2.2): make_mesh.py WIDTH FILE, WIDTH that of a triangle.

Points lie on the circles, on the boundary and on a triangular lattice between them; the triangles are those of Delaunay (Bowyer, Watson 1981).
"""
import sys

import numpy as np

LENGTH, HEIGHT = 2.0, 1.0
DISCS = [("disc_1", 0.35, 0.3, 0.16), ("disc_2", 0.8, 0.68, 0.18), ("disc_3", 1.25, 0.28, 0.14), ("disc_4", 1.66, 0.64, 0.2)]


def points_of(h):
    nx, ny = round(LENGTH / h), round(HEIGHT / h)
    edge = [(LENGTH * i / nx, y) for i in range(nx + 1) for y in (0.0, HEIGHT)]
    edge += [(x, HEIGHT * j / ny) for j in range(1, ny) for x in (0.0, LENGTH)]
    circles = []
    for _, x, y, r in DISCS:
        angles = np.linspace(0.0, 2.0 * np.pi, round(2.0 * np.pi * r / h), endpoint=False)
        circles += [(x + r * np.cos(a), y + r * np.sin(a)) for a in angles]
    inner, dy = [], h * np.sqrt(0.75)
    for j in range(1, int(HEIGHT / dy) + 1):
        for i in range(int(LENGTH / h) + 1):
            x, y = (i + 0.5 * (j % 2)) * h, j * dy
            far = min(x, y, LENGTH - x, HEIGHT - y) > 0.55 * h
            if far and all(abs(np.hypot(x - cx, y - cy) - r) > 0.6 * h for _, cx, cy, r in DISCS):
                swing = 1e-3 * h * np.sin(12.9898 * len(inner))  # no four points on a circle
                inner.append((x + swing, y - swing))
    return np.array(circles + inner + edge)


def circle_of(corners):
    """Centre and squared radius of the circle through three points."""
    (a, b, c) = corners
    m = 2.0 * np.array([b - a, c - a])
    centre = np.linalg.solve(m, [b @ b - a @ a, c @ c - a @ a])
    return centre[0], centre[1], (a - centre) @ (a - centre)


def delaunay(points):
    n = len(points)
    all_points = np.vstack([points, [[-300.0, -200.0], [300.0, -200.0], [1.0, 400.0]]])
    triangles, circles = [(n, n + 1, n + 2)], [circle_of(all_points[[n, n + 1, n + 2]])]
    for k, (x, y) in enumerate(points):
        table = np.array(circles)
        hit = (table[:, 0] - x) ** 2 + (table[:, 1] - y) ** 2 < table[:, 2] * (1.0 - 1e-12)
        edges = [(t[i], t[(i + 1) % 3]) for t, h in zip(triangles, hit) if h for i in range(3)]
        new = [(a, b, k) for a, b in edges if (b, a) not in edges]
        triangles = [t for t, h in zip(triangles, hit) if not h] + new
        circles = [c for c, h in zip(circles, hit) if not h] + [circle_of(all_points[list(t)]) for t in new]
    return [np.array(t) for t in triangles if max(t) < n]


def main():
    h, path = float(sys.argv[1]), sys.argv[2]
    points = points_of(h)
    triangles = [t for t in delaunay(points) if area(points[t]) > 1e-9]
    lines = []
    for side, axis, value in ((1, 0, 0.0), (2, 0, LENGTH), (3, 1, 0.0), (4, 1, HEIGHT)):
        on = [k for k in range(len(points)) if points[k, axis] == value]
        on.sort(key=lambda k: points[k, 1 - axis])
        lines += [(side, a, b) for a, b in zip(on, on[1:])]
    names = [(1, k + 1, n) for k, n in enumerate(("left", "right", "bottom", "top"))]
    names += [(2, k + 1, n) for k, n in enumerate(["plate"] + [d[0] for d in DISCS])]
    with open(path, "w", encoding="utf-8") as out:
        print("$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$PhysicalNames", len(names), sep="\n", file=out)
        for dimension, tag, name in names:
            print(dimension, tag, f'"{name}"', file=out)
        print("$EndPhysicalNames\n$Nodes", len(points), sep="\n", file=out)
        for k, (x, y) in enumerate(points):
            print(k + 1, f"{x:.6g} {y:.6g} 0", file=out)
        print("$EndNodes\n$Elements", len(lines) + len(triangles), sep="\n", file=out)
        for number, (side, a, b) in enumerate(lines, 1):
            print(number, 1, 2, side, side, a + 1, b + 1, file=out)
        for number, t in enumerate(triangles, len(lines) + 1):
            group = group_of(points[t].mean(axis=0))
            print(number, 2, 2, group, group, *(k + 1 for k in t), file=out)
        print("$EndElements", file=out)


def area(corners):
    (a, b, c) = corners
    return abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2


def group_of(centre):
    inside = [k for k, (_, x, y, r) in enumerate(DISCS) if np.hypot(centre[0] - x, centre[1] - y) < r]
    return inside[0] + 2 if inside else 1


main()
