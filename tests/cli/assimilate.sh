# job/assimilate: the same bits on any number of ranks and threads and after a stop; failures with the cycle and a checkpoint;
# observations of a file.
. "$(dirname "$0")/_lib.sh"
deck=$SOURCE_DIR/input/lorenz96_twin/twin.toml
small="--set model.weather.observations=300 --set model.weather.end=15.0 --set run.report=false"

for case in letkf_1 letkf_3 ies_1 etkf_3; do
  filter=${case%_*}
  options="$small --set job.twin.filter=$filter --set job.twin.replicates=${case#*_} --set job.twin.spin_up=20"
  expect 0 "$ALEATOR" run "$deck" $options --out $case
  expect 0 on 2 "$ALEATOR" run "$deck" $options --out ${case}_2
  same_results $case ${case}_2 "$case on 1 and 2 ranks"
done
expect 0 env OMP_NUM_THREADS=2 "$ALEATOR" run "$deck" $options --out threads
same_results etkf_3 threads "1 and 2 threads"
particles="$SOURCE_DIR/input/lorenz63_twin/twin.toml --set run.report=false --set model.convection.observations=100
  --set model.convection.end=25.0 --set job.twin.spin_up=10 --set filter.particle.members=5000"
expect 0 "$ALEATOR" run $particles --out particles
expect 0 env OMP_NUM_THREADS=2 mpirun -n 4 "$ALEATOR" run $particles --out particles_4
same_results particles particles_4 "particles on 1 rank, and on 4 ranks with 2 threads"

# The observations of the first replicate are kept: those of every state here, with errors of sd 1.
! python3 -c "import h5py" 2>/dev/null || python3 - <<'EOF' || fail "the observations of a twin"
import h5py
with h5py.File("etkf_3/results.h5") as f, h5py.File("etkf_3_2/results.h5") as g:
    y, truth = f["observations/y"][:], f["states/truth"][:]
    assert (y == g["observations/y"][:]).all() and len(y) == 300 and y.shape[1] == truth.shape[1], y.shape
    assert 0.9 < (y[-len(truth):] - truth).std() < 1.1, (y[-len(truth):] - truth).std()
EOF

# More replicates than ranks, and no whole number for each.
expect 0 "$ALEATOR" run "$deck" $small --set job.twin.replicates=32 --out many
expect 0 on 5 "$ALEATOR" run "$deck" $small --set job.twin.replicates=32 --out many_5
same_results many many_5 "32 replicates on 1 and 5 ranks"

# The first replicate is the experiment of the seed, whatever their number; no replicate of seed 1 is one of seed 3.
expect 0 "$ALEATOR" run "$deck" $small --set job.twin.replicates=1 --out seed_1
expect 0 "$ALEATOR" run "$deck" $small --set run.seed=3 --out seeds_3
expect 0 "$ALEATOR" run "$deck" $small --out seeds
python3 - <<'EOF' || fail "replicates of seeds 1 and 3"
import json
one, first, third = (json.load(open(f"{name}/summary.json"))["replicate_rmse"] for name in ("seed_1", "seeds", "seeds_3"))
assert len(one) == 1 and len(first) == len(third) == 3, (one, first, third)
assert one[0] == first[0] and not set(first) & set(third) and len(set(first)) == 3, (one, first, third)
EOF

# Stopped by its wall time and resumed on another number of ranks, to the bits of a run that was never stopped.
long="--set model.weather.observations=6000 --set model.weather.end=300.0 --set run.report=false"
for replicates in 1 3; do
  expect 0 "$ALEATOR" run "$deck" $long --set job.twin.replicates=$replicates --out whole_$replicates
  folder=stopped_$replicates
  expect 0 "$ALEATOR" run "$deck" $long --set job.twin.replicates=$replicates --out $folder \
    --set run.wall_time_minutes=0.003 --set run.stop_margin_minutes=0.001
  says "aleator resume $folder"
  [ -f $folder/checkpoint.h5 ] && [ ! -f $folder/summary.json ] || fail "no checkpoint after the wall time"
  expect 0 on 2 "$ALEATOR" resume $folder --set run.wall_time_minutes=100
  says_once "resumed after cycle"
  same_results whole_$replicates $folder "$replicates replicates, stopped and resumed on 2 ranks"
done

# A field: 256 values on a torus, drawn from a prior, with noise of the model.
flow="$SOURCE_DIR/input/navier_stokes_twin/twin.toml --set model.flow.mesh=16 --set prior.eddies.cells=[16,16]
  --set model.flow.observe_every=4 --set model.flow.observations=200 --set model.flow.end=40.0"
expect 0 "$ALEATOR" run $flow --out flow
grep -q "Map of the error" flow/report/index.html || fail "no maps of the field in the report"
for ranks in 2 4; do
  expect 0 on $ranks "$ALEATOR" run $flow --set run.report=false --out flow_$ranks
  same_results flow flow_$ranks "a field on 1 and $ranks ranks"
done
expect 0 "$ALEATOR" run $flow --out flow_stopped --set run.wall_time_minutes=0.004 --set run.stop_margin_minutes=0.001
[ -f flow_stopped/checkpoint.h5 ] && [ ! -f flow_stopped/summary.json ] || fail "no checkpoint of the field"
expect 0 on 2 "$ALEATOR" resume flow_stopped --set run.wall_time_minutes=100
says_once "resumed after cycle"
same_results flow flow_stopped "a field, stopped and resumed on 2 ranks"
expect 2 "$ALEATOR" check $flow --set prior.eddies.cells=[8,8]
says "has 64 parameters, but model 'flow' has 256 states"

# A model that diverges: exit code 3, the cycle, and the last good ensemble; resumed, it fails at the same place.
for ranks in 1 2; do
  expect 3 on $ranks "$ALEATOR" run "$deck" $small --set model.weather.dt=0.5 --set model.weather.end=150.0 \
    --set job.twin.warm_up=0 --set job.twin.initial_sd=[3.0] --out diverged_$ranks
  says "diverged" "the last good ensemble, after cycle" "try a dt ten times smaller"
  [ -f diverged_$ranks/checkpoint.h5 ] || fail "no checkpoint of the last good ensemble"
  grep -o "cycle [0-9]* (t = [0-9.]*)" said >first_failure
  expect 3 on $ranks "$ALEATOR" resume diverged_$ranks
  says "$(head -1 first_failure)"
done

# Observations of a file: every second time missing, one value missing, no truth.
cat >file.toml <<'END'
[model.convection]
type = "ode/lorenz63"
end = 3.0
observations = 1
[filter.root]
type = "filter/etkf"
members = 12
[job.follow]
type = "job/assimilate"
model = "convection"
filter = "root"
noise_sd = [1.0, 1.0, 1.0]
observations = "seen.txt"
spin_up = 0
END
printf '0.25 NA NA NA\n0.5 -1.9 -3.1 NA\n1.0 -9.0 -8.7 28.0\n2.0 NA -7.9 24.0\n' >seen.txt
expect 0 "$ALEATOR" run file.toml --out file
grep -q '"is_twin": false' file/summary.json && grep -q '"rmse": {' file/summary.json || fail "the summary of a file's run"
grep -q "data were off the forecast" file/report/index.html || fail "the report of a file's run"
says_not "off the forecast by up to"
printf 'z,time,y,x\nNA,0.25,NA,NA\nNA,0.5,-3.1,-1.9\n28.0,1.0,-8.7,-9.0\n24.0,2.0,-7.9,NA\n' >named.txt
expect 0 "$ALEATOR" run file.toml --set 'job.follow.observations="named.txt"' --out named # columns go by their names
for name in rmse spread innovation_rms log_likelihood; do
  [ "$(grep -A2 "\"$name\"" file/summary.json)" = "$(grep -A2 "\"$name\"" named/summary.json)" ] || fail "$name of named columns"
done
printf '0.5 9 9 9\n1.0 9 -8.7 60\n1.5 -9 30 3\n2.0 30 -7.9 -24\n' >false.txt
expect 0 "$ALEATOR" run file.toml --set 'job.follow.observations="false.txt"' --out false
says "verdict: Not reliable" "The data are off the forecast by up to" "times what the filter and noise_sd explain"
grep -q '"level": "bad"' false/verdict.json || fail "verdict.json does not say that the filter is lost"
grep -q "Do not trust this run" false/report/index.html || fail "the report does not say that the filter is lost"
done_testing
