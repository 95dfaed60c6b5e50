"""Files stay readable: at most 450 lines, no tabs, nothing left undone. Code has 120 columns, comments 130."""
import re

from _lint import ROOT, finish, sources

MAX_LINES, MAX_COLUMNS = 450, 130
UNDONE = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")


def faults_of(path):
    text = path.read_text(encoding="utf-8")
    name, lines = path.relative_to(ROOT), text.splitlines()
    if len(lines) > MAX_LINES:
        yield f"{name}: {len(lines)} lines (at most {MAX_LINES})"
    if text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"
    if path.suffix == ".hpp" and "#pragma once" not in text:
        yield f"{name}: no #pragma once"
    for number, line in enumerate(lines, 1):
        if "\t" in line:
            yield f"{name}:{number}: tab"
        if line != line.rstrip():
            yield f"{name}:{number}: blank at the end of the line"
        if len(line) > MAX_COLUMNS and path.suffix in (".hpp", ".cpp"):
            yield f"{name}:{number}: {len(line)} columns (at most {MAX_COLUMNS})"
        if UNDONE.search(line):
            yield f"{name}:{number}: {UNDONE.search(line).group(0)}"


def main():
    files = sources("src", "apps", "tests", "cmake", suffixes=(".hpp", ".cpp", ".py", ".cmake", ".sh", ".in"))
    finish([fault for path in files for fault in faults_of(path)], f"{len(files)} files")


main()
