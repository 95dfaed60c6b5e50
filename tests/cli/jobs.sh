# The jobs beside sampling: forward runs, draws from a prior, simulated data. Same bytes on any ranks and threads, files that
# other programs read, failures counted, nothing overwritten, finished runs left alone.
. "$(dirname "$0")/_lib.sh"
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || skip "no python3"
input=$SOURCE_DIR/input/forward_uq
small="--set job.draws.samples=301 --set job.deflection.samples=301 --set model.membrane.mesh=16"
same_folders() { # DIR DIR WHEN: all files but the page (its date) and the log
  (cd "$1" && find . -type f ! -name log.txt ! -name index.html ! -name resolved.toml | sort) >list
  [ "$(wc -l <list)" -ge "$4" ] || fail "$1 has too few files ($3)"
  local file
  while read -r file; do same "$1/$file" "$2/$file" "$3"; done <list
}

# Two jobs in one deck, on 1, 2 and 4 ranks and 2 threads.
expect 0 "$ALEATOR" run "$input/forward.toml" $small --out one
says "301 model runs" "301 draws"
expect 0 on 2 "$ALEATOR" run "$input/forward.toml" $small --out two
says_once "301 model runs"
expect 0 on 4 "$ALEATOR" run "$input/forward.toml" $small --out four
expect 0 env OMP_NUM_THREADS=2 "$ALEATOR" run "$input/forward.toml" $small --out threads
for other in two four threads; do same_folders one $other "one and $other" 7; done
expect 0 "$ALEATOR" run "$input/forward.toml" $small --set run.seed=2 --out other_seed
cmp -s one/deflection/outputs.csv other_seed/deflection/outputs.csv && fail "the outputs do not depend on the seed"
for job in draws deflection; do
  grep -q "301" one/$job/report/index.html || fail "the report of $job does not say how many rows there are"
  ! command -v gnuplot >/dev/null || grep -q "<svg" one/$job/report/index.html || fail "the report of $job has no pictures"
done
[ "$(wc -l <one/deflection/outputs.csv)" = 302 ] || fail "outputs.csv has not one line for each row"

# Nothing is overwritten, a finished run is left alone, a lost report is drawn again.
fingerprint_of one >before
expect 2 "$ALEATOR" run "$input/forward.toml" $small --out one
says "nothing was overwritten"
expect 0 "$ALEATOR" resume one
says "this run is finished"
fingerprint_of one >after
same before after "a finished run was touched"
rm -r one/draws/report
expect 2 "$ALEATOR" resume one --set run.seed=3
says "--set run.seed=3" "was begun with another value"
expect 0 "$ALEATOR" resume one
[ -s one/draws/report/index.html ] || fail "the report was not drawn again"
same_folders one two "after resume" 7
expect 0 "$ALEATOR" report two

# Asked to stop, a job ends between two batches and leaves nothing half done; resumed, it gives what an uninterrupted run gives.
slow="$small --set model.membrane.mesh=256 --set job.deflection.samples=500"
"$ALEATOR" run "$input/forward.toml" $slow --out stopped_jobs >said 2>&1 &
process=$!
tries=0
until grep -qs "301 draws" stopped_jobs/log.txt; do
  sleep 0.05
  tries=$((tries + 1))
  [ $tries -lt 1000 ] || fail "the run did not start"
done
kill -TERM $process
wait $process || fail "exit code $? after SIGTERM"
says "stopped (SIGTERM)" "with a checkpoint"
[ -f stopped_jobs/deflection/checkpoint.h5 ] || fail "no checkpoint"
[ -f stopped_jobs/draws/summary.json ] && [ ! -f stopped_jobs/deflection/summary.json ] || fail "not stopped in the second job"
expect 0 "$ALEATOR" resume stopped_jobs --set job.deflection.samples=500
[ "$(grep -c "301 draws" stopped_jobs/log.txt)" = 1 ] || fail "the job that was finished was run again"
says "rows are in"
[ "$(wc -l <stopped_jobs/deflection/outputs.csv)" = 501 ] || fail "the stopped job was not finished"
[ ! -f stopped_jobs/deflection/checkpoint.h5 ] || fail "a finished job keeps its checkpoint"
expect 0 on 2 "$ALEATOR" run "$input/forward.toml" $slow --out not_stopped
for file in outputs.csv results.h5; do
  same stopped_jobs/deflection/$file not_stopped/deflection/$file "stopped and not stopped"
done

# Statistics against python's, and XDMF against HDF5.
expect 0 $python - <<'E2'
import csv, json, math, statistics
rows = list(csv.DictReader(open("one/deflection/outputs.csv")))
summary = json.load(open("one/deflection/summary.json"))
assert summary["rows"] == 301 and summary["failed"] == 0 and len(summary["outputs"]) == 9
for name, found in summary["outputs"].items():
    values = [float(row[name]) for row in rows]
    sd = statistics.stdev(values)
    assert abs(found["mean"] - statistics.fmean(values)) < 1e-12 * abs(found["mean"]), name
    assert abs(found["sd"] - sd) < 1e-10 * sd, name
    assert abs(found["standard_error"] - sd / math.sqrt(301)) < 1e-10 * sd, name
    ordered = sorted(values)
    assert abs(found["q50"] - ordered[150]) < 1e-9 and abs(found["q05"] - ordered[15]) < 1e-9
draws = json.load(open("one/draws/summary.json"))["parameters"]
assert len(draws) == 64
median = statistics.fmean(math.log(row["q50"]) for row in draws.values())
assert abs(median) < 4 * 1.2533 * 0.5 / math.sqrt(301 * 64), median  # standard error of a median, 64 independent cells
print("statistics: good")
E2
says "statistics: good"

# Data: the same for one seed on any ranks; clean data are the model's, noise has its standard deviation.
data="$input/simulate.toml --set model.fine.mesh=48"
expect 0 "$ALEATOR" run $data --out made
says_not "inverse crime"
expect 0 on 2 "$ALEATOR" run $data --out made_2
same_folders made made_2 "simulated on 1 and 2 ranks" 5
expect 0 "$ALEATOR" run $data --set run.seed=8 --out made_8
cmp -s made/data.txt made_8/data.txt && fail "the data do not depend on the seed"
expect 0 "$ALEATOR" run $data --set job.data.inversion_model=fine --out crime
says "warning" "inverse crime" "'fine'"
grep -q "inverse crime" crime/report/index.html || fail "the report does not warn of the inverse crime"
same made/data.txt crime/data.txt "the warning changes the data"
expect 0 "$ALEATOR" run $data --set model.coarse.mesh=48 --out crime_of_meshes
says "mesh = 48"
expect 0 $python - <<'E2'
import json, math
read = lambda name: [float(word) for line in open(f"made/{name}.txt") for word in line.split("#")[0].split()]
data, clean, truth = read("data"), read("clean"), read("truth")
assert len(data) == len(clean) == 81 and len(truth) == 64 and min(truth) > 0
noise = math.sqrt(sum((a - b) ** 2 for a, b in zip(data, clean)) / 81)
assert abs(noise / 0.005 - 1) < 4 / math.sqrt(2 * 81), noise  # chi-squared of 81 degrees of freedom
assert json.load(open("made/summary.json"))["noise_sd"] == 0.005
print("data: good")
E2
says "data: good"
# The files are read by the decks that follow: data by a likelihood, the truth by a forward job, with the clean data as outputs.
sed -e "s#\"data.txt\"#\"$scratch/made/data.txt\"#" -e "s#\"truth.txt\"#\"$scratch/made/truth.txt\"#" "$input/invert.toml" >invert.toml
expect 0 "$ALEATOR" check invert.toml
sed '/^\[job/,$d' "$input/simulate.toml" >again.toml
printf '[job.again]\ntype = "job/forward"\nmodel = "fine"\nat = "%s"\n' "$scratch/made/truth.txt" >>again.toml
expect 0 "$ALEATOR" run again.toml --set model.fine.mesh=48 --out again
tail -1 again/outputs.csv | tr ',' '\n' | tail -n +3 >outputs
grep -v '^#' made/clean.txt >clean
same outputs clean "the truth's outputs are not the clean data"
# Relative noise: its standard deviation follows from the signal.
expect 0 "$ALEATOR" run $data --set job.data.noise_sd=[] --set job.data.relative_noise=0.05 --out relative
expect 0 $python -c "
import json
assert abs(json.load(open('relative/summary.json'))['signal_to_noise'] - 20) < 1e-9"

# Failed rows: counted, with their reason, and the others as without them; or the end of the run.
printf '[model.plate]\ntype = "pde/diffusion"\nmesh = 8\ncoefficients = 2\nsensor_grid = 2\n[job.runs]\ntype = "job/forward"\nmodel = "plate"\nat = "rows.txt"\nfields = 9\n' >failing.toml
printf '1 2 3 4\n1 -2 3 4\n4 3 2 1\nnan 1 1 1\n' >rows.txt
expect 0 on 2 "$ALEATOR" run failing.toml --out failing
says_once "model 'plate' (failing.toml:1): 2 of 4 rows failed"
grep -q '^1,"' failing/outputs.csv && grep -q '^2,ok' failing/outputs.csv || fail "outputs.csv does not say which rows failed"
grep -q '^1,1,-2,3,4,"' failing/failed_rows.csv && [ "$(wc -l <failing/failed_rows.csv)" = 3 ] || fail "failed_rows.csv is wrong"
grep -q '"failed": 2' failing/summary.json || fail "summary.json does not count the failures"
grep -q "2 of 4 model runs failed" failing/report/index.html || fail "the report hides the failures"

# Rows that want more iterations than the deck allows get them when they are computed again, and are shown with them.
printf '[model.lid]\ntype = "pde/cavity"\nmesh = 16\nmax_iterations = 2\npoints = [[0.4, 0.6]]\n[job.runs]\ntype = "job/forward"\nmodel = "lid"\nat = [[0.01]]\n' >hasty.toml
expect 3 "$ALEATOR" run hasty.toml --out hasty
says "model 'lid' (hasty.toml:1)" "did not converge: after 2 iterations"
expect 0 "$ALEATOR" run hasty.toml --set job.runs.on_failure=retry --out patient
says_not "no picture"
[ -f patient/fields.h5 ] || fail "no fields of a row that was sound when computed again"

expect 3 on 2 "$ALEATOR" run failing.toml --set job.runs.on_failure=stop --out stopped
says "row 1"
printf -- '-1 2 3 4\n1 -2 3 4\n' >rows.txt
expect 3 "$ALEATOR" run failing.toml --out all_failed
says "every model run failed"
# A truth at which the model fails: the end, or the prior's next draw.
cat >no_truth.toml <<'E2'
[model.plate]
type = "pde/diffusion"
mesh = 8
coefficients = 1
sensor_grid = 2
[prior.any]
type = "prior/normal"
dimension = 1
mean = [-1.0]
sd = [1.0]
[job.data]
type = "job/simulate_data"
model = "plate"
prior = "any"
noise_sd = [0.1]
E2
expect 3 "$ALEATOR" run no_truth.toml --out no_truth
says "fails at the truth"
expect 0 on 2 "$ALEATOR" run no_truth.toml --set job.data.on_failure=reject --out next_truth
[ "$(grep -c "not positive" next_truth/failed_rows.csv)" -ge 1 ] || fail "failed_rows.csv does not list the truths passed over"
[ "$(grep -v '#' next_truth/truth.txt | cut -c1)" != "-" ] || fail "the truth is one at which the model fails"
printf '1 2 3\n' >rows.txt
expect 2 "$ALEATOR" run failing.toml --out narrow
says rows.txt "4 parameters"
printf '1 2 3 4\n' >rows.txt
expect 0 "$ALEATOR" run failing.toml --out single # one row: no standard deviation, and JSON without NaN
expect 0 $python -c "
import json
row = next(iter(json.load(open('single/summary.json'), parse_constant=lambda word: 1 / 0)['outputs'].values()))
assert row['sd'] is None and row['standard_error'] is None and row['mean'] is not None"

$python -c "import h5py" 2>/dev/null || { echo "h5py is missing: HDF5 files are not opened" && done_testing && exit 0; }
expect 0 $python - <<'E2'
import h5py, pathlib, xml.etree.ElementTree as tree, numpy as np
def check(path, wanted):
    found = 0
    for collection in tree.parse(path).getroot().find("Domain"):
        assert collection.get("GridType") == "Collection" and collection.get("CollectionType") == "Temporal"
        for grid in collection:
            if grid.tag != "Grid": continue
            topology = grid.find("Topology")
            assert topology.get("TopologyType") in ("2DCoRectMesh", "3DCoRectMesh")
            nodes = tuple(int(n) for n in topology.get("Dimensions").split())
            for item in grid.find("Geometry"):
                assert len(item.text.split()) == int(item.get("Dimensions")) == len(nodes)
            float(grid.find("Time").get("Value"))
            for attribute in grid.findall("Attribute"):
                item = attribute.find("DataItem")
                size = tuple(int(n) for n in item.get("Dimensions").split())
                assert size == (nodes if attribute.get("Center") == "Node" else tuple(n - 1 for n in nodes))
                name, place = item.text.split(":")
                with h5py.File(pathlib.Path(path).parent / name) as file:
                    assert file[place].shape == size and file[place].dtype == np.float64, (path, place)
                    assert np.isfinite(file[place][...]).all() and file[place].attrs["name"].decode() == attribute.get("Name")
                found += 1
    assert found == wanted, (path, found)
check("one/deflection/fields.xdmf", 8)
check("made/fields.xdmf", 2)
check("failing/fields.xdmf", 4)  # of rows 0 and 2
with h5py.File("one/deflection/results.h5") as file, h5py.File("one/draws/results.h5") as draws:
    assert (file["prior/stiffness"][...] == draws["prior/stiffness"][...]).all()  # one seed, one sample
    assert file["prior/stiffness"].shape == (1, 301, 64) and file["prior_predictive/outputs"].shape == (1, 301, 9)
    first = h5py.File("one/deflection/fields.h5")["row_0"]
    theta = file["prior/stiffness"][0, 0].reshape(8, 8)
    assert (first["coefficient"][...] == np.kron(theta, np.ones((2, 2)))).all()
    u = first["solution"][...]
    assert u[0].max() == u[:, 0].max() == u[-1].max() == 0 and u[1:-1, 1:-1].min() > 0
    assert abs(u[8, 8] - file["prior_predictive/outputs"][0, 0, 4]) < 1e-14  # the middle sensor
print("fields: good")
E2
says "fields: good"
# Sobol' indices: the same bytes on 1 and 3 ranks; rows that fail leave their point out; a prior of one factor is refused.
cat >shares.toml <<'E3'
[model.f]
type = "model/expression"
parameters = ["a", "b[2]"]
outputs = ["y = a + 2 * b[0] + 0 * b[1]", "log(a + 2.7)"]
[prior.a]
type = "prior/normal"
[prior.pair]
type = "prior/normal"
dimension = 2
[prior.all]
type = "prior/product"
parts = ["a", "pair"]
[job.shares]
type = "job/forward"
model = "f"
prior = "all"
samples = 512
design = "sobol"
sobol_indices = true
bootstrap = 100
E3
expect 0 "$ALEATOR" run shares.toml --out shares_one
says "2 560 model runs"
expect 0 on 3 "$ALEATOR" run shares.toml --out shares_three
same_folders shares_one shares_three "one and three ranks" 5
expect 0 $python - <<'E4'
import csv, json
s = json.load(open("shares_one/summary.json"))
y, other = s["sobol_indices"]["y"], s["sobol_indices"]["y1"]
for name, share in (("a", 0.2), ("b[0]", 0.8), ("b[1]", 0.0)):
    index = y["factors"][name]
    assert abs(index["first"]["value"] - share) < 0.03 and abs(index["total"]["value"] - share) < 0.03, (name, index)
    assert index["total"]["low"] <= index["total"]["value"] <= index["total"]["high"]
rows = list(csv.DictReader(open("shares_one/outputs.csv")))
points = [rows[i:i + 5] for i in range(0, 2560, 5)]
assert all(p[0]["y"] == p[3]["y"] != p[4]["y"] for p in points if p[0]["status"] == "ok" == p[3]["status"] == p[4]["status"])
whole = sum(all(r["status"] == "ok" for r in p) for p in points)
assert y["points"] == other["points"] == whole < 512
lines = list(csv.DictReader(open("shares_one/sobol_indices.csv")))
assert len(lines) == 6 and abs(float(lines[1]["first"]) - y["factors"]["b[0]"]["first"]["value"]) < 1e-15
mean = sum(float(r["y"]) for p in points for r in (p[0], p[4]) if r["status"] == "ok")
assert abs(mean / sum(r["status"] == "ok" for p in points for r in (p[0], p[4])) - s["outputs"]["y"]["mean"]) < 1e-12
E4
grep -q "Sensitivity" shares_one/report/index.html || fail "the report says nothing of the indices"
# Of pairs: twice the variants, the same first orders, one line a pair and output; they go with sobol_indices only.
sed 's/^bootstrap/second_order = true\nbootstrap/' shares.toml >pairs.toml
expect 0 "$ALEATOR" run pairs.toml --out pairs_one
says "4 096 model runs"
expect 0 on 3 "$ALEATOR" run pairs.toml --out pairs_three
same_folders pairs_one pairs_three "one and three ranks" 5
diff shares_one/sobol_indices.csv pairs_one/sobol_indices.csv || fail "pairs change the first orders"
expect 0 $python - <<'E5'
import csv, json
lines = list(csv.DictReader(open("pairs_one/sobol_pairs.csv")))
assert [(l["factor"], l["other"]) for l in lines[:3]] == [("a", "b[0]"), ("a", "b[1]"), ("b[0]", "b[1]")] and len(lines) == 6
assert all(abs(float(l["second"])) < 0.03 for l in lines), lines
pair = json.load(open("pairs_one/summary.json"))["sobol_indices"]["y"]["pairs"][0]
assert pair["factors"] == ["a", "b[0]"] and abs(pair["value"] - float(lines[0]["second"])) < 1e-15
E5
grep -q "sobol_pairs.csv" pairs_one/report/index.html || fail "the report says nothing of the pairs"
sed 's/^sobol_indices = true//' pairs.toml >pairs_alone.toml
expect 2 "$ALEATOR" run pairs_alone.toml
says "goes with sobol_indices = true"
sed 's/"b\[2\]"/"b"/; s/b\[0\]/b/; s/b\[1\]/b/; s/^prior = "all"/prior = "a"/; s/"a", "\(b\|pair\)"\]$/"a"]/; s/^outputs.*/outputs = "a"/' shares.toml >one_factor.toml
expect 2 "$ALEATOR" run one_factor.toml
says "'a' is one factor"
done_testing
