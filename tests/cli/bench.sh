# `aleator bench`: problems with known answers pass, a falsified reference and a broken deck fail and do not stop the others.
. "$(dirname "$0")/_lib.sh"
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || skip "no python3"

cd "$SOURCE_DIR" || fail "no $SOURCE_DIR"
expect 0 "$ALEATOR" bench --only ishigami linear_gaussian elliptic_2p lorenz96 --out "$scratch/good" # the default folder
cd "$scratch" || exit 1
says "pass" "sampler/smc" "sampler/hmc" "job/forward" "values within their tolerance"
says_not FAIL
expect 0 $python - <<'E2'
import csv, json
rows = json.load(open("good/bench.json"))
lines = list(csv.DictReader(open("good/bench.csv")))
assert len(rows) == len(lines) > 15
for row, line in zip(rows, lines):
    assert row["problem"] == line["problem"] and float(line["found"]) == row["found"]
    assert row["model_evaluations"] > 100 and row["seconds"] > 0
    if row["is_judged"]: assert row["passes"] == (abs(row["found"] - row["known"]) <= row["tolerance"])
evidence = [row for row in rows if row["quantity"] == "log_evidence"]
assert evidence and all(abs(row["found"] - row["known"]) <= 3 * row["standard_error"] + 0.05 for row in evidence)
# A wrong surrogate leaves the posterior as it is (it passes, as all rows); a good one saves model runs.
assert all(row["passes"] for row in rows if row["is_judged"])
runs = {row["sampler"]: row["model_evaluations"] / row["ess"] for row in rows if row["problem"] == "elliptic_2p"
        and row["quantity"] == "mean" and row["parameter"] == "theta[0]"}
delayed = "sampler/delayed_acceptance delayed_"
assert runs[delayed + "good"] < 0.3 * runs["sampler/random_walk"] < runs[delayed + "wrong"], runs
found = json.load(open("good/linear_gaussian/summary.json"))["parameters"]["u[0]"]["mean"]
assert found in [row["found"] for row in rows if row["parameter"] == "u[0]" and row["quantity"] == "mean"]
# Every job of a deck has its own values; every sampler on each problem is one line of bench.md.
assert [row["sampler"] for row in rows if row["problem"].startswith("lorenz96/")] == ["filter/enkf", "filter/etkf", "filter/letkf"]
lines = [line for line in open("good/bench.md") if line.startswith("| ")][1:]
assert len(lines) == len({(row["problem"], row["sampler"]) for row in rows}), lines
assert sum(int(line.split("|")[4].split(" of ")[1]) for line in lines) == len(rows)
E2
! command -v gnuplot >/dev/null || grep -q "<svg" good/bench.html || fail "no chart"
grep -q "linear_gaussian" good/bench.html || fail "no table in bench.html"
expect 0 "$ALEATOR" bench "$SOURCE_DIR/input/benchmarks" --only karhunen_loeve --out modes
says "eigenvalue of line[0]" "15 of 15 values within their tolerance"
expect 2 "$ALEATOR" bench "$SOURCE_DIR/input/benchmarks" --only ishigami --out good
says "nothing was overwritten"
expect 2 "$ALEATOR" bench "$SOURCE_DIR/input/benchmarks" --only nobody
says "no such problem" ishigami
expect 2 "$ALEATOR" bench "$scratch"
says "reference.toml"

# One reference falsified, one deck broken: both fail, the third passes, on 2 ranks as on 1.
mkdir problems
for name in ishigami banana linear_gaussian; do cp -r "$SOURCE_DIR/input/benchmarks/$name" problems/; done
sed -i 's/^value = 3.5$/value = 3.7/' problems/ishigami/reference.toml
sed -i 's/^particles/partikles/' problems/linear_gaussian/posterior.toml
printf 'mean = "x"\n' >>problems/banana/reference.toml
expect 2 "$ALEATOR" bench problems --out bad
says "banana/reference.toml" "there is no key 'mean'"
rm -r problems/banana
expect 3 "$ALEATOR" bench problems --out one
says FAIL pass partikles
expect 3 on 2 "$ALEATOR" bench problems --out two
says_once "values within their tolerance"
cut -d, -f1-9 one/bench.csv >first
cut -d, -f1-9 two/bench.csv >second
same first second "the results depend on the number of ranks"

# Squared relative errors of the means against the problem's own reference_mean: (-0.008389 - 1)^2, and not 0.
mkdir -p errors/linear
cp "$SOURCE_DIR"/input/benchmarks/linear_gaussian/*.t* errors/linear/
sed -i '/^compare = /,$d; s/^likelihood = "measurements"/&\nreference_mean = "mean.txt"/' errors/linear/posterior.toml
echo "1.452355 1 1.28192 0.722972" >errors/linear/mean.txt
printf 'deck = "posterior.toml"\njob = "posterior"\n' >errors/linear/reference.toml
for value in 1.0168 0; do
  printf '[[value]]\nquantity = "error"\nvalue = %s\ntolerance = 0.05\nsource = "by hand"\n' $value >>errors/linear/reference.toml
done
expect 3 "$ALEATOR" bench errors --out squares
says "1 of 2 values"
done_testing
