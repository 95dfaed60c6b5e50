"""What the lint scripts share. Each is called with the source folder and the build folder; exit code 1: faults."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
BUILD = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else ROOT / "build" / "ci"


def sources(*folders, suffixes=(".hpp", ".cpp")):
    """All files with these suffixes below the given folders of the checkout, sorted."""
    found = []
    for folder in folders:
        found += [p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes and p.is_file()]
    return sorted(found)


def without_comments(text):
    """C++ text with comments blanked out; strings stay, line numbers too."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*")', re.S)
    return pattern.sub(lambda m: m.group(1) or re.sub(r"[^\n]", " ", m.group(0)), text)


def finish(faults, checked):
    """Prints the faults and ends the script."""
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults in {checked}")
    sys.exit(1 if faults else 0)
