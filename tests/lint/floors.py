"""Includes go to the own folder or a strictly lower floor, and each third party stays in its home."""
import re

from _lint import ROOT, finish, sources, without_comments

HOMES = [  # (header pattern, folders of src/ that may include it)
    (r"mpi\.h$", ["parallel/"]),
    (r"petsc\w*\.h$", ["math/petsc/"]),
    (r"hdf5(_hl)?\.h$|H5\w+\.h$", ["io/hdf5/"]),
    (r"toml\+\+/|toml\.hpp$", ["deck/"]),
    (r"lapacke\w*\.h$|cblas\w*\.h$|cholmod\.h$", ["math/"]),
    (r"CLI/", []),
    (r"gtest/|gmock/|benchmark/", []),
]


def read_floors():
    text = (ROOT / "cmake/floors.cmake").read_text()
    return {folder: int(floor) for floor, folder in re.findall(r"^\s*(\d+);(\w+)\s*$", text, re.M)}


def include_fault(place, header, floors):
    """Why the file at `place` (below src/) may not include `header`, or None."""
    for pattern, homes in HOMES:
        if re.match(pattern, header) and not any(place.startswith(home) for home in homes):
            return f"{header} belongs to {' '.join(homes) or 'apps/ and tests/'} only"
    if re.match(r"boost/", header) and place.endswith(".hpp") and not place.startswith("math/"):
        return "Boost goes into .cpp files or math/"
    own, other = place.split("/")[0], header.split("/")[0]
    if own not in floors:
        return f"src/{own} has no floor in cmake/floors.cmake"
    if other in floors and other != own and floors[other] >= floors[own]:
        return f"{own} (floor {floors[own]}) may not include {other} (floor {floors[other]})"
    return None


def main():
    floors, faults, count = read_floors(), [], 0
    assert len(floors) > 5, "cmake/floors.cmake was not understood"
    for path in sources("src"):
        place = path.relative_to(ROOT / "src").as_posix()
        for number, line in enumerate(without_comments(path.read_text()).splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not found:
                continue
            count += 1
            fault = include_fault(place, found.group(2), floors)
            is_api = place.startswith("external/api/") and (path.parent / found.group(2)).is_file()  # installed alone
            if not fault and found.group(1) == '"' and not is_api and not (ROOT / "src" / found.group(2)).is_file():
                fault = f'"{found.group(2)}" is not a path below src/'
            if fault:
                faults.append(f"src/{place}:{number}: {fault}")
    finish(faults, f"{count} includes")


main()
