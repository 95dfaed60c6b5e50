"""Every C++ file is as clang-format leaves it (repair: python3 tests/lint/format.py --fix)."""
import shutil
import subprocess
import sys

FIX = "--fix" in sys.argv
sys.argv = [argument for argument in sys.argv if argument != "--fix"]
from _lint import ROOT, finish, sources  # noqa: E402  (reads sys.argv)


def main():
    tool = shutil.which("clang-format")
    if tool is None:
        print("skipped: there is no clang-format")
        sys.exit(77)
    files = sources("src", "apps", "tests")
    if not files:
        finish([], "0 files")
    mode = ["-i"] if FIX else ["--dry-run", "-Werror", "--ferror-limit=1"]
    run = subprocess.run([tool, *mode, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    faults = [line.replace(f"{ROOT}/", "") for line in run.stderr.splitlines() if ": error:" in line]
    if run.returncode != 0 and not faults:
        faults = [run.stderr.strip()]
    finish(faults, f"{len(files)} files")


main()
