#!/usr/bin/env bash
# From a bare Debian machine to a finished Bayesian inversion: packages, Kokkos, build, run. Safe to repeat.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

deck="input/aristoff_bangerth/quickstart.toml"
bash "$ALEATOR_SOURCE/cmake/setup.sh"
bash "$ALEATOR_SOURCE/cmake/kokkos.sh"
configure_and_build release aleator

cd "$ALEATOR_SOURCE"
mkdir -p runs
run="runs/quickstart"
for ((n = 2; ; ++n)); do
  [[ -e "$run" ]] || break
  run="runs/quickstart-$n"
done

mpi_settings
say "mpirun -n $(cores) build/release/bin/aleator run $deck --out $run"
mpirun -n "$(cores)" build/release/bin/aleator run "$deck" --out "$run" || die "the run failed; its folder is $run"
report="$run/report/index.html"
say "done: results in $run, report in ${report:-$run}"
