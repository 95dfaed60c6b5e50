# kill -9 at any time, resume on any number of ranks, again and again: the bytes of a run that nobody disturbed.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/all_samplers.toml
# A checkpoint ten times a second, and work for a second or two: longer chains, a finer mesh.
slow="--set run.checkpoint_minutes=0 --set model.membrane.mesh=32"
for sampler in random_walk pcn mala hmc; do slow="$slow --set sampler.$sampler.draws=2000"; done
slow="$slow --set sampler.smc.particles=203 --set sampler.smc.correlation=0.01 --set sampler.smc.max_moves=60"

expect 0 "$ALEATOR" run "$deck" $slow --out whole

# killed_after SECONDS RANKS COMMAND...: starts it, kills all its processes after so long; false when it had ended by itself.
killed_after() {
  local seconds=$1 ranks=$2
  shift 2
  if [ "$ranks" = 1 ]; then (timeout -s KILL "$seconds" "$@" >"$scratch/said" 2>&1) 2>/dev/null; else
    (timeout -s KILL "$seconds" mpirun -n "$ranks" "$@" >"$scratch/said" 2>&1) 2>/dev/null
    local code=$?
    for process in $(pgrep -f -- "$scratch" || true); do kill -KILL "$process" 2>/dev/null; done
    while pgrep -f -- "$scratch" >/dev/null; do sleep 0.01; done # until then they hold the folder
    return $((code != 137))
  fi
  [ $? = 137 ]
}

# until_done DIR RANKS...: resumes and kills, every time a little later, until it ends by itself.
until_done() {
  local folder=$1 time=0.05 kills=0
  shift
  local ranks=("$@")
  while killed_after $time "${ranks[$((kills % $#))]}" "$ALEATOR" resume "$scratch/$folder"; do
    kills=$((kills + 1))
    time=$(awk -v t=$time 'BEGIN { print t < 0.4 ? t + 0.05 : t * 1.15 }')
    [ $kills -lt 60 ] || fail "$folder never ends"
  done
  says_not "error:"
  [ $kills -gt 2 ] || fail "$folder was killed only $kills times"
  expect 0 "$ALEATOR" resume "$folder"
  says "this run is finished"
  echo "$folder: killed $kills times"
}

# Before anything is there, and while it starts: the folder is a run folder or it is none.
for time in 0.01 0.03 0.06 0.1 0.2; do
  rm -rf early
  killed_after $time 1 "$ALEATOR" run "$deck" $slow --out "$scratch/early"
  if [ -e early/resolved.toml ]; then expect 0 "$ALEATOR" check early/resolved.toml; fi
done
if [ ! -e early/resolved.toml ]; then
  rm -rf early
  expect 0 "$ALEATOR" run "$deck" $slow --out early
fi
until_done early 1
same_results whole early "killed and resumed on 1 rank"

killed_after 0.7 2 "$ALEATOR" run "$deck" $slow --out "$scratch/ranks"
if [ ! -e ranks/resolved.toml ]; then  # killed before it was a run folder
  rm -rf ranks
  expect 0 "$ALEATOR" run "$deck" $slow --out ranks
fi
until_done ranks 1 2 4
same_results whole ranks "killed and resumed on 1, 2 and 4 ranks"
[ -z "$(find early ranks -name '*.partial')" ] || fail "left-overs: $(find early ranks -name '*.partial')"
done_testing
