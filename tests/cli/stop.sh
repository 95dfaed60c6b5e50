# Asked to stop by a signal or by its wall time, a run ends with exit code 0, a checkpoint and a line that says how to go on.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/all_samplers.toml
long="--set sampler.random_walk.draws=3000 --set model.membrane.mesh=32"
expect 0 "$ALEATOR" run "$deck" $long --out whole

# Runs too long for this test: the checkpoint is what is asked for.
endless="--set sampler.random_walk.draws=1000000 --set model.membrane.mesh=32"
# started DIR: waits until the run has made its first steps.
started() {
  local tries=0
  until grep -qs "model runs" "$1/log.txt"; do
    sleep 0.05
    tries=$((tries + 1))
    [ $tries -lt 1000 ] || fail "$1 did not start"
  done
}
for signal in TERM USR1 INT; do # a background job ignores SIGINT unless told otherwise
  env --default-signal=INT "$ALEATOR" run "$deck" $endless --out $signal >said 2>&1 &
  process=$!
  started $signal
  kill -$signal $process
  wait $process
  code=$?
  [ $code = "$([ $signal = INT ] && echo 130 || echo 0)" ] || fail "exit code $code after SIG$signal"
  says "stopped (SIG$signal)" "aleator resume $signal"
  [ -f $signal/checkpoint.h5 ] && [ ! -f $signal/summary.json ] || fail "no checkpoint after SIG$signal"
done

# To one rank of two, as a batch system may do it.
if command -v pgrep >/dev/null; then
  mpirun -n 2 "$ALEATOR" run "$deck" $endless --out "$scratch/one_rank" >said 2>&1 &
  process=$!
  started one_rank
  kill -USR1 "$(pgrep -f -- "$ALEATOR run .* --out $scratch/one_rank" | tail -1)"
  wait $process || fail "exit code $? when one rank of two is asked to stop"
  says_once "with a checkpoint; to go on:  aleator resume $scratch/one_rank"
fi

# Two processes in one folder would write the same files.
"$ALEATOR" resume TERM >first 2>&1 &
process=$!
tries=0
until grep -qs "resumed at" first; do
  sleep 0.05
  tries=$((tries + 1))
  [ $tries -lt 1000 ] || fail "TERM was not resumed"
done
expect 2 "$ALEATOR" resume TERM
says "another process is running in this folder"
kill -TERM $process
wait $process || fail "exit code $? when a resumed run is asked to stop"

# The wall time of the deck, again and again, to the bits of a run that was never stopped.
for minutes in 0.002 0.004 0.006; do
  folder=wall_time
  [ -e $folder ] && command="resume $folder" || command="run $deck $long --out $folder"
  expect 0 "$ALEATOR" $command --set run.wall_time_minutes=$minutes --set run.stop_margin_minutes=0.001
done
expect 0 "$ALEATOR" resume $folder --set run.wall_time_minutes=100
same_results whole $folder "stopped by the wall time and resumed"
expect 2 "$ALEATOR" run "$deck" --set run.wall_time_minutes=0.5 --out never
says wall_time_minutes stop_margin_minutes
[ ! -e never ] || fail "a refused deck left a folder"
# The checks after the sampling stop and go on, too: a run comes to its end in pieces that are shorter than the checks.
cat >slow.toml <<'TOML'
[model.solver]
type = "model/program"
command = ["sh", "-c", "sleep 0.05; echo {a}"]
parameters = ["a"]
output_file = "stdout.txt"
concurrency = 1
keep = "none"
[prior.a]
type = "prior/normal"
[likelihood.d]
type = "likelihood/gaussian"
data = [0.5]
sd = 1.0
[problem.p]
type = "problem/bayes"
model = "solver"
prior = "a"
likelihood = "d"
[sampler.walk]
type = "sampler/random_walk"
chains = 2
warmup = 4
draws = 4
[job.j]
type = "job/sample"
problem = "p"
sampler = "walk"
prior_predictive = 24
TOML
expect 0 "$ALEATOR" run slow.toml --out in_one --set run.report=false
pieces="--set run.report=false --set run.wall_time_minutes=0.025 --set run.stop_margin_minutes=0.005"
expect 0 "$ALEATOR" run slow.toml --out pieces $pieces
for piece in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
  [ ! -f pieces/summary.json ] || break
  [ $piece -lt 16 ] || fail "the run comes to no end"
  expect 0 on $((1 + piece % 2)) "$ALEATOR" resume pieces $pieces
done
[ $piece -gt 1 ] || fail "the run was not stopped"
same in_one/results.h5 pieces/results.h5 "checks that were stopped"
[ ! -f pieces/prior_predictive.h5 ] || fail "files of the checks are left"
# A batch system's signal goes to all processes, the programs of the rows too: such a row has not failed, and runs again.
sed "s|sleep 0.05; echo|mkdir $scratch/hit 2>/dev/null \&\& kill -TERM \$PPID \$\$; echo|" slow.toml >signalled.toml
expect 0 "$ALEATOR" run signalled.toml --out signalled --set run.report=false
says "stopped (SIGTERM)"
[ -d hit ] && [ ! -e signalled/failed_rows.csv ] || fail "a program that was ended with the run counts as failed"
expect 0 "$ALEATOR" resume signalled --set run.report=false
same in_one/results.h5 signalled/results.h5 "a program that a signal has ended"
# Two keys that only together make a deck.
expect 0 "$ALEATOR" resume signalled --set run.wall_time_minutes=0.5 --set run.stop_margin_minutes=0.1
# Trouble of the machine fails no rows: the run stops, and goes on when it is put right.
ln -s "$(command -v sh)" solver
sed 's|"sh"|"./solver"|' slow.toml >moved.toml
for ranks in 1 2; do
  (until ls program_runs/*/* >/dev/null 2>&1; do sleep 0.01; done && mv solver away) &
  expect 3 on $ranks "$ALEATOR" run moved.toml --out moved_$ranks --set run.report=false
  says "cannot be started" "aleator resume"
  [ ! -e moved_$ranks/failed_rows.csv ] || fail "rows have failed by the machine's fault"
  wait && mv away solver
  expect 0 "$ALEATOR" resume moved_$ranks --set run.report=false
  same in_one/results.h5 moved_$ranks/results.h5 "a program that was away"
done
# Rows at which a run ended are computed anew, for what was wrong may be mended.
cat >rows.toml <<TOML
[model.solver]
type = "model/program"
command = ["sh", "-c", "[ {a} != 2 ] || [ -e $scratch/mended ] && echo {a}"]
parameters = ["a"]
output_file = "stdout.txt"
[job.j]
type = "job/forward"
model = "solver"
at = [[1.0], [2.0], [3.0]]
on_failure = "stop"
TOML
expect 3 "$ALEATOR" run rows.toml --out rows --set run.report=false
touch mended
expect 0 "$ALEATOR" resume rows
grep -q '"failed": 0' rows/summary.json || fail "a row that was mended counts as failed"
done_testing
