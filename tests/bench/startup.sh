#!/usr/bin/env bash
# Start-up: wall time of commands that need no ranks, and of a run's way from MPI's own start to its first model run.
# usage: tests/bench/startup.sh build/release/bin/aleator
set -eu
program=$1
deck="$(dirname "$0")/../../input/aristoff_bangerth/quickstart.toml"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
median_ms() {  # of 11 runs
  for _ in 1 2 3 4 5 6 7 8 9 10 11; do
    local start=$EPOCHREALTIME
    "$@" >/dev/null 2>&1
    local end=$EPOCHREALTIME
    echo $(((${end/./} - ${start/./}) / 100))
  done | sort -n | sed -n 6p | sed 's/.$/.&/'
}
echo "--version           $(median_ms "$program" --version) ms"
echo "describe            $(median_ms "$program" describe sampler/hmc) ms"
echo "check               $(median_ms "$program" check "$deck") ms"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '%s\n' "$(seq -s' ' 1 64)" >"$scratch/one.txt"
echo "evaluate, one row   $(median_ms "$program" evaluate "$deck" --at "$scratch/one.txt") ms (MPI's start and end included)"
${CC:-gcc} -shared -fPIC -o "$scratch/probe.so" "$(dirname "$0")/first_model_run.c" -ldl
echo "run, from MPI's start to model runs: $(LD_PRELOAD=$scratch/probe.so "$program" run "$deck" --out "$scratch/run" \
  --set sampler.hmc.warmup=10 --set sampler.hmc.draws=10 --set 'job.posterior.compare=[]' --set run.report=false 2>&1 |
  sed -n 's/^computing after //p')"
