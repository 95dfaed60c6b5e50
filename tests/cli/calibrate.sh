# Simulation-based calibration: a right posterior passes, a wrong noise and a sampler that has not moved are refused; the same
# on any ranks, stopped or not.
. "$(dirname "$0")/_lib.sh"
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || skip "no python3"
deck=$SOURCE_DIR/input/calibration/deck.toml

expect 0 "$ALEATOR" calibrate "$deck" --out good
says "calibrated: the ranks of all 3 quantities"
expect 3 "$ALEATOR" calibrate "$deck" --set job.calibration.problem=overconfident --set job.calibration.data_from=posterior --out bad
says "not calibrated" "too narrow"
expect 3 "$ALEATOR" resume bad # the verdict is the same whoever asks
# Chains that stay at the prior: ranks of u are uniform all the same, those of the log-likelihood are not.
expect 3 "$ALEATOR" calibrate "$deck" --set sampler.walk.warmup=1 --out unmoved
says "not calibrated" "log_likelihood"
expect 0 $python - <<'E2'
import json
good, bad = (json.load(open(f"{name}/summary.json")) for name in ("good", "bad"))
ranks = [[int(x) for x in line.split(",")] for line in open("good/ranks.csv") if not line.startswith("#")]
assert len(ranks) == 200 and all(0 <= r <= 99 for row in ranks for r in row)
assert list(good["quantities"]) == ["u[0]", "u[1]", "log_likelihood"] and good["is_calibrated"] and not bad["is_calibrated"]
for q, row in enumerate(good["quantities"].values()):
    counts = [sum(r[q] // 5 == b for r in ranks) for b in range(20)]
    assert counts == row["histogram"], (counts, row)
    chi_square = sum((c - 10) ** 2 / 10 for c in counts)
    assert chi_square < 43.8, chi_square  # 0.999 quantile of 19 degrees of freedom
E2
# A table of another block may follow the job that is left out.
cat >late.toml <<'TOML'
[model.m]
type = "ode/expression"
states = ["x"]
rates = ["-k * x"]
initial = ["1"]
unknown = ["k"]
times = [1.0]
[prior.p]
type = "prior/log_normal"
[likelihood.l]
type = "likelihood/gaussian"
data = [0.3]
sd = 0.5
[sampler.walk]
type = "sampler/random_walk"
chains = 4
draws = 100
[problem.q]
type = "problem/bayes"
model = "m"
prior = "p"
likelihood = "l"
[job.post]
type = "job/sample"
problem = "q"
sampler = "walk"
[model.m.parameters]
k = 1.0
TOML
expect 0 "$ALEATOR" calibrate late.toml --set job.calibration.simulations=20 --out late
[ "$(grep -c '^\[job\.' late/resolved.toml)" = 1 ] || fail "not one job is left"
grep -q "calibrated" good/report/index.html || fail "no report"
! command -v gnuplot >/dev/null || [ "$(grep -o '<svg' good/report/index.html | wc -l)" = 6 ] || fail "not two pictures a quantity"

# Of forty simulations a seed in thirty or so is refused by chance: not this one.
short="--set job.calibration.simulations=40 --set job.calibration.ranks=19 --set run.seed=2"
expect 0 "$ALEATOR" calibrate "$deck" $short --out one
expect 0 on 2 "$ALEATOR" calibrate "$deck" $short --out two
same one/ranks.csv two/ranks.csv "1 and 2 ranks"

# Stopped and resumed: the same ranks.
"$ALEATOR" calibrate "$deck" --out stopped >stopping 2>&1 &  # not said: what the last command said is in it until then
process=$!
until [ -f stopping ] && grep -q "simulation [2-9]" stopping; do sleep 0.05; kill -0 $process 2>/dev/null || fail "ended before it was stopped"; done
kill -TERM $process
wait $process || fail "exit code $? after SIGTERM"
cp stopping said
says "stopped (SIGTERM) with a checkpoint"
[ ! -f stopped/summary.json ] || fail "not stopped"
expect 0 "$ALEATOR" resume stopped
says "resumed after" "of 200 simulations"
same good/ranks.csv stopped/ranks.csv "stopped and resumed"

# A deck with job/sample: its problem and sampler are taken, and no other job runs.
sed '/^\[job/,$d' "$deck" | sed "s#\"\(matrix\|data\).txt\"#\"$SOURCE_DIR/input/calibration/\1.txt\"#" >sample.toml
expect 2 "$ALEATOR" calibrate sample.toml
says "nothing to calibrate"
printf '[job.other]\ntype = "job/prior_sample"\nprior = "u"\n[job.posterior]\ntype = "job/sample"\nproblem = "posterior"\nsampler = "walk"\n' >>sample.toml
expect 0 "$ALEATOR" calibrate sample.toml $short
[ -f runs/sample-calibration/ranks.csv ] || fail "not in runs/sample-calibration"
same one/ranks.csv runs/sample-calibration/ranks.csv "the deck's own job and the one that is added"
! grep -q "job.other" runs/sample-calibration/resolved.toml || fail "the other job was kept"

expect 2 "$ALEATOR" calibrate "$deck" --set job.calibration.ranks=400
says "the sampler makes only 396 draws" "[job.calibration] ranks"
expect 2 "$ALEATOR" calibrate "$SOURCE_DIR/input/benchmarks/banana/posterior.toml"
says "data cannot be drawn"
done_testing
