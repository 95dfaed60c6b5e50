# Read by the scripts beside it: paths, messages, phases, and the settings that mpirun needs everywhere.
set -euo pipefail
ALEATOR_SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
ALEATOR_CACHE="${ALEATOR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/aleator}"
export ALEATOR_CACHE HOME="${HOME:-/tmp}" DEBIAN_FRONTEND=noninteractive

say() { printf 'aleator: %s\n' "$*"; }
die() { printf 'aleator: %s\n' "$*" >&2; exit 1; }

# phase "what" command...: runs the command quietly, says how long it took; shows its output only when it fails.
phase() {
  local what="$1" started=$SECONDS log
  shift
  log="$(mktemp "${TMPDIR:-/tmp}/aleator-phase.XXXXXX")"
  if "$@" > "$log" 2>&1 < /dev/null; then
    grep '^aleator: ' "$log" || true
    printf 'aleator: %-34s %4d s\n' "$what" $((SECONDS - started))
    rm -f "$log"
  else
    cat "$log" >&2
    rm -f "$log"
    die "$what failed (output above)"
  fi
}

# nproc alone would answer OMP_NUM_THREADS.
cores() { env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2> /dev/null || echo 2; }

# mpirun as root, on any number of cores, with threads free to move; what the user has set stays.
mpi_settings() {
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe:-1}"
  export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy:-none}"
  export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"
  export OMP_PROC_BIND="${OMP_PROC_BIND:-false}"
}

# configure_and_build <preset> [target]: into build/<preset>. A build folder that came from another path, or that
# was configured with a tool or a library that has gone since, is set up afresh.
configure_and_build() {
  local preset="$1" cache="$ALEATOR_SOURCE/build/$1/CMakeCache.txt"
  cd "$ALEATOR_SOURCE"
  if [[ -f "$cache" ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$ALEATOR_SOURCE" "$cache"; then
    rm -rf "build/$preset"
  fi
  configure() { cmake --preset "$1" || cmake --fresh --preset "$1"; }
  phase "configure ($preset)" configure "$preset"
  phase "build ($preset)" cmake --build "build/$preset" --parallel "$(cores)" ${2:+--target "$2"}
}
