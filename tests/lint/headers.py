"""Every header of src/ is self-contained: it compiles alone, with the flags of its folder's own sources.

Most of the time goes into the same few headers that the others include, themselves or through ours: a header begins with the
richest of STARTS that it includes, precompiled. It hides nothing, for each of our headers that does not include all of that is
compiled without.
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

STARTS = [{"sampler/sampler.hpp"}, {"model/problem.hpp"}, {"model/forward_model.hpp", "prob/prior/prior.hpp"},
          {"Kokkos_Core.hpp", "deck/registry.hpp"}, {"Kokkos_Core.hpp"}, {"deck/registry.hpp"}]
DROPPED = {"-c", "-g", "-O3", "-O2", "-O1", "-march=native", "-mprefer-vector-width=512", "-Winvalid-pch", "-fpch-preprocess"}


def flags_by_folder():
    """src folder -> compiler and flags, taken from one entry of compile_commands.json each."""
    result = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        library = re.search(r" -o \S*CMakeFiles/aleator_(\w+)\.dir/", entry["command"])
        if not library:
            continue
        folder = library[1]
        words, flags, skip = shlex.split(entry["command"]), [], False
        start = next((i for i, w in enumerate(words) if pathlib.Path(w).name in ("ccache",)), -1) + 1
        for word in words[start:]:
            if skip or word in ("-o", "-MF", "-MT", "-MQ", "-include"):
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


def start_of(header, known):
    return next((tuple(sorted(start)) for start in STARTS if start <= includes(header, known)), None)


def precompiled(start, flags, scratch):
    """The flags to read headers precompiled for these; GCC drops them silently where they do not fit."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    header = folder / "start.hpp"
    header.write_text("".join(f"#include <{name}>\n" for name in start))
    subprocess.run([*flags, f"-I{ROOT}/src", "-x", "c++-header", str(header), "-o", f"{header}.gch"], check=True)
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
        kind = {h: (start, tuple(f for f in own[h] if f[:2] in ("-D", "-f")))
                for h in headers if (start := start_of(h, known))}
        flags_of_kind = {kind[h]: own[h] for h in kind}
        start = dict(zip(flags_of_kind, pool.map(lambda k: precompiled(k[0], flags_of_kind[k], scratch), flags_of_kind)))
        jobs = [(h, own[h] + (start[kind[h]] if h in kind else []), scratch) for h in headers]
        faults = [fault for fault in pool.map(compile_alone, jobs) if fault]
    finish(faults, f"{len(headers)} headers")


main()
