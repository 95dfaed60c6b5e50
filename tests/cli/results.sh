# summary.json has every number a reader needs; results.h5 opens in h5py with its groups and dimension scales.
. "$(dirname "$0")/_lib.sh"
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || skip "no python3"
expect 0 "$ALEATOR" run "$DECKS/all_samplers.toml" --set sampler.mala.draws=50 --set sampler.random_walk.draws=50 --out run

expect 0 $python - <<'E2'
import json, math, pathlib
keys = {"mean", "sd", "mcse", "ess_bulk", "ess_tail", "rhat", "q05", "q50", "q95"}
bounded = {"model_evaluations", "wall_time_seconds", "sampling_seconds", "ess_min", "ess_per_evaluation", "ess_per_second"}
for folder, kind in {".": "chains", "compare/mala": "chains", "compare/hmc": "chains", "compare/smc": "particles", "compare/eki": "ensemble"}.items():
    run = pathlib.Path("run") / folder
    summary = json.loads((run / "summary.json").read_text(), parse_constant=lambda word: 1 / 0)  # NaN is no JSON
    assert summary["kind"] == kind, folder
    for name in bounded:
        assert summary[name] > 0 and math.isfinite(summary[name]), (folder, name)
    assert list(summary["parameters"]) == [f"theta[{k}]" for k in range(4)], folder
    for name, row in summary["parameters"].items():
        assert set(row) == keys, (folder, name)
        for key in keys - ({"rhat"} if kind != "chains" else set()):
            assert math.isfinite(row[key]), (folder, name, key)
        assert row["q05"] < row["q50"] < row["q95"] and row["sd"] > 0 and row["mcse"] > 0
        assert row["q05"] < row["mean"] < row["q95"]
    evidence = summary["log_evidence"]
    assert (evidence is not None) == (kind == "particles"), folder
    if evidence: assert math.isfinite(evidence["value"]) and evidence["standard_error"] > 0
    assert summary["failed_rows"] == {"rejected": 0, "recovered_by_retry": 0, "imputed": 0, "in_warmup": 0}, folder
    check = summary["posterior_predictive"]
    assert 0 < check["p_value"] <= 1 and 0 <= check["outside_90_percent"] <= 1 and check["failed"] == 0, folder
    assert (summary["prior_predictive"] is not None) == (folder == "."), folder
    if kind == "chains": assert 0 < summary["acceptance"] < 1 and summary["rhat_max"] >= 0.9, folder
    history = json.loads((run / "history.json").read_text())
    assert len(history["iteration"]) > 1
    assert {len(v) for v in history.values() if isinstance(v, list)} == {len(history["iteration"])}, folder
print("summaries: good")
# An ensemble's members count by what they have moved the mean, after they were given back.
rows = json.load(open("run/compare/eki/summary.json"))["parameters"].values()
assert all(1.0 <= row["ess_bulk"] < 12.9 and row["mcse"] > 1.01 * row["sd"] / 13 ** 0.5 for row in rows)
E2
says "summaries: good"
log=run/log.txt
grep -q "info .*aleator [0-9]" $log && grep -q "done in" $log || fail "log.txt lacks its first or last line"
headline=$($python -c "import json; v = json.load(open('run/verdict.json')); assert len(v['checks']) > 3; print(v['headline'])")
[ -n "$headline" ] && grep -q "verdict: $headline\. " $log || fail "the log's verdict is not that of verdict.json"
grep -q "$(printf '\033')" $log && fail "log.txt holds terminal codes"

# Live diagnostics, the same line for chains, particles and ensembles.
for sampler in pcn mala hmc smc eki; do
  grep -qE "$sampler: .*; log-density: .*effective samples [0-9]+ \(tail [0-9]+\), .* a model run, .* a second, mean" run/log.txt ||
    fail "no live diagnostics of $sampler in log.txt"
done

$python -c "import h5py" 2>/dev/null || { echo "h5py is missing: results.h5 is not opened" && done_testing && exit 0; }
expect 0 $python - <<'E2'
import h5py, numpy as np
sizes = {".": (5, 50), "compare/pcn": (5, 20), "compare/mala": (5, 50), "compare/hmc": (5, 20), "compare/smc": (1, 13), "compare/eki": (1, 13)}
for folder, sample in sizes.items():
    with h5py.File(f"run/{folder}/results.h5") as file:
        assert {"posterior", "sample_stats", "observed_data", "prior"} <= set(file), folder
        draws, data = min(200, sample[0] * sample[1]), file["observed_data/data"].shape[0]
        assert file["posterior_predictive/data"].shape == file["predictions/outputs"].shape == (1, draws, data), folder
        noise = file["posterior_predictive/data"][...] - file["predictions/outputs"][...]
        assert np.isfinite(noise).all() and noise.std() > 0, folder
        pit = file["predictive_checks/posterior_pit"][...]
        assert ((0 < pit) & (pit < 1)).all(), folder
        assert ("prior_predictive" in file) == (folder == "."), folder
        theta = file["posterior/theta"]
        assert theta.shape == sample + (4,) and theta.dtype == np.float64, folder
        assert np.isfinite(theta[...]).all() and (theta[...] > 0).all(), folder
        for dim, name in zip(theta.dims, ("chain", "draw", "theta_dim_0")):
            scale = dim[0]
            assert scale.name == f"/posterior/{name}" and h5py.h5ds.is_scale(scale.id), (folder, name)
        assert (file["posterior/draw"][...] == np.arange(sample[1])).all()
        for name in ("log_likelihood", "lp"):
            values = file[f"sample_stats/{name}"]
            assert values.shape == sample and np.isfinite(values[...]).all(), (folder, name)
            assert [dim[0].name for dim in values.dims] == ["/sample_stats/chain", "/sample_stats/draw"]
        if sample[0] == 5: assert set(np.unique(file["sample_stats/acceptance_rate"][...])) <= {0.0, 1.0}
        data = file["observed_data/data"][...]
        assert data.shape == (9,) and data[0] == 0.352
        prior = file["prior/theta"][...]
        assert prior.shape[0] == 1 and abs(np.log(prior).mean()) < 4 / np.sqrt(prior.size) and abs(np.log(prior).std() - 1) < 0.05
print("results: good")
E2
says "results: good"

# Where data are missing the others keep their numbers; outputs have their names; a density with an edge is told by its neighbours.
cat >missing.toml <<'TOML'
[model.line]
type = "model/expression"
parameters = ["a"]
outputs = ["a", "2 * a", "a ^ 2", "a"]
[prior.a]
type = "prior/normal"
[likelihood.noise]
type = "likelihood/gaussian"
data = [0.1, "NA", 9.0, 0.2]
sd = 1.0
[problem.posterior]
type = "problem/bayes"
model = "line"
prior = "a"
likelihood = "noise"
[sampler.chains]
type = "sampler/mala"
chains = 4
warmup = 50
draws = 100
[job.run]
type = "job/sample"
problem = "posterior"
sampler = "chains"
TOML
sed -e '/^\[model/,/^outputs/d' -e '/^\[likelihood/,/^likelihood/d' missing.toml >edge.toml
cat >>edge.toml <<'TOML'
[target.decay]
type = "target/expression"
parameters = ["a"]
log_density = "if(a > 0, -a, -infinity)"
[problem.posterior]
type = "problem/target"
target = "decay"
prior = "a"
TOML
expect 0 "$ALEATOR" run missing.toml --out missing --set run.report=false
for ranks in 1 2; do expect 0 on $ranks "$ALEATOR" run edge.toml --out edge$ranks --set run.report=false; done
expect 0 $python - <<'E2'
import h5py, json
with h5py.File("missing/results.h5") as file:
    for group in ("observed_data", "posterior_predictive", "predictive_checks"):
        assert list(file[f"{group}/data_dim_0"][...]) == [0, 2, 3], group
    assert [name.decode() if isinstance(name, bytes) else name for name in file["predictions/outputs_dim_0"][...]] == ["y0", "y2", "y3"], file["predictions/outputs_dim_0"][...]
assert json.load(open("missing/summary.json"))["posterior_predictive"]["most_extreme_datum"] == 2
shares = [json.load(open(f"edge{ranks}/summary.json"))["stein_discrepancy"]["edge_share"] for ranks in (1, 2)]
assert 0.02 < shares[0] < 0.5 and shares[0] == shares[1], shares
assert json.load(open("missing/summary.json"))["stein_discrepancy"]["edge_share"] == 0
print("numbers: good")
E2
says "numbers: good"

# The report drawn anew with the pairs that are asked for; nothing else of the deck may be another.
expect 0 "$ALEATOR" report run --set 'job.posterior.pairs=[["theta[3]", "theta[1]"]]'
[ "$(grep -o "asked for" run/report/index.html | wc -l)" -ge 1 ] || fail "the report does not show the pair"
expect 2 "$ALEATOR" report run --set 'job.posterior.pairs=[["theta[3]", "theta[4]"]]'
says "there is no parameter 'theta[4]'"
expect 2 "$ALEATOR" report run --set sampler.mala.draws=60
says "was begun with another value" "pairs"
done_testing
