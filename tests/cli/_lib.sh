# What the tests of the command line share; each script sources it first. Runs in a fresh folder that is removed at the end.
# Needs in the environment: ALEATOR (the program) and SOURCE_DIR (the checkout); DEFERRED names the library that the program
# loads only for models that want it, if it was built so. Exit code 77: skipped.
set -u
ALEATOR=$(realpath "${ALEATOR:?}")
SOURCE_DIR=$(realpath "${SOURCE_DIR:?}")
DECKS=$SOURCE_DIR/tests/cli/decks
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OMP_WAIT_POLICY=passive

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
checks=0

fail() {
  echo "FAILED: $*"
  [ -s "$scratch/said" ] && sed 's/^/    | /' "$scratch/said" | head -40
  exit 1
}
skip() {
  echo "skipped: $*"
  exit 77
}

# expect CODE COMMAND...: the command ends with this exit code; what it says is kept in the file said.
expect() {
  local wanted=$1
  shift
  "$@" >"$scratch/said" 2>&1
  local code=$?
  [ "$code" = "$wanted" ] || fail "exit code $code, not $wanted: $*"
  checks=$((checks + 1))
}
# says TEXT...: each text stands in what the last command said.
says() {
  local text
  for text in "$@"; do grep -qF -- "$text" "$scratch/said" || fail "'$text' was not said"; done
  checks=$((checks + $#))
}
says_not() {
  grep -qF -- "$1" "$scratch/said" && fail "'$1' was said"
  checks=$((checks + 1))
}
# says_once TEXT: one line holds it, not one for each rank.
says_once() {
  [ "$(grep -cF -- "$1" "$scratch/said")" = 1 ] || fail "'$1' was said $(grep -cF -- "$1" "$scratch/said") times, not once"
  checks=$((checks + 1))
}
same() {
  cmp "$1" "$2" || fail "$1 and $2 differ ($3)"
  checks=$((checks + 1))
}
# same_results DIR DIR WHEN: every results.h5 of two run folders has the same bytes.
same_results() {
  local file found=0
  for file in $(cd "$1" && find . -name results.h5); do
    same "$1/$file" "$2/$file" "$3"
    found=$((found + 1))
  done
  [ "$found" -gt 0 ] || fail "$1 holds no results.h5 ($3)"
}
# fingerprint_of DIR: of all its files, names and bytes.
fingerprint_of() { (cd "$1" && find . -type f -exec sha256sum {} + | sort -k 2); }
on() { # on RANKS COMMAND...
  local ranks=$1
  shift
  mpirun -n "$ranks" "$@"
}
done_testing() { echo "$checks checks passed"; }
