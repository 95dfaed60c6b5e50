"""Every header of src/ is self-contained: it compiles alone, with the flags of its folder's own sources.

Reading Kokkos takes most of the time of a header that includes it, itself or through ours: those begin with Kokkos_Core.hpp
precompiled. It hides nothing there, for each of our headers that does not include Kokkos is compiled without.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from _lint import BUILD, ROOT, finish, sources

DROPPED = {"-c", "-g", "-O3", "-O2", "-O1", "-march=native", "-mprefer-vector-width=512"}


def flags_by_folder():
    """src folder -> compiler and flags, taken from one entry of compile_commands.json each."""
    result = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        marker = "CMakeFiles/aleator_"
        if marker not in entry["command"]:
            continue
        folder = entry["command"].split(marker, 1)[1].split(".dir")[0]
        words, flags, skip = shlex.split(entry["command"]), [], False
        start = next((i for i, w in enumerate(words) if pathlib.Path(w).name in ("ccache",)), -1) + 1
        for word in words[start:]:
            if skip or word in ("-o", "-MF", "-MT", "-MQ"):
                skip = not skip
            elif word not in DROPPED | {"-MD", "-MMD", entry["file"]}:
                flags.append(word)
        result.setdefault(folder, flags)
    return result


def includes(header, known):
    """All that a header of src/ includes, itself or through our own headers: names as written between <> or ""."""
    if header not in known:
        known[header] = set()
        for name in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', header.read_text(), re.M):
            ours = ROOT / "src" / name
            known[header] |= {name} | (includes(ours, known) if ours.is_file() else set())
    return known[header]


def precompiled(flags, scratch):
    """The flags to read Kokkos_Core.hpp precompiled for these; GCC drops it silently where it does not fit."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    header = folder / "kokkos.hpp"
    header.write_text("#include <Kokkos_Core.hpp>\n")
    subprocess.run([*flags, "-x", "c++-header", str(header), "-o", f"{header}.gch"], check=True)
    return ["-include", str(header)]


def compile_alone(job):
    header, flags, scratch = job
    place = header.relative_to(ROOT / "src").as_posix()
    unit = pathlib.Path(scratch) / (place.replace("/", "__") + ".cpp")
    unit.write_text(f'#include "{place}"\n#include "{place}"\n')
    command = [*flags, f"-I{ROOT}/src", "-fsyntax-only", str(unit)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line for line in run.stderr.splitlines() if "error:" in line] or [run.stderr.strip()]
    return None if run.returncode == 0 else f"src/{place}: {errors[0].replace(f'{ROOT}/', '')}"


def main():
    flags = flags_by_folder()
    if not flags:
        sys.exit(f"no entries of Aleator's libraries in {BUILD}/compile_commands.json")
    every = max(flags.values(), key=len)  # for a folder of headers only: the flags of the richest folder
    headers, known = sources("src", suffixes=(".hpp",)), {}
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        own = {h: flags.get(h.relative_to(ROOT / "src").parts[0], every) for h in headers}
        of_kokkos = [h for h in headers if "Kokkos_Core.hpp" in includes(h, known)]
        kinds = {tuple(own[h]): own[h] for h in of_kokkos}
        start = dict(zip(kinds, pool.map(lambda kind: precompiled(kind, scratch), kinds.values())))
        jobs = [(h, own[h] + (start[tuple(own[h])] if h in of_kokkos else []), scratch) for h in headers]
        faults = [fault for fault in pool.map(compile_alone, jobs) if fault]
    finish(faults, f"{len(headers)} headers")


main()
