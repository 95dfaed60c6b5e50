# A deck with formulas and one with another program, whole runs: same bytes on any number of ranks, failed rows written down.
. "$(dirname "$0")/_lib.sh"
input=$SOURCE_DIR/input/benchmarks

for ranks in 1 2; do
  expect 0 on $ranks "$ALEATOR" run "$input/quartic/posterior.toml" --out quartic$ranks --set sampler.smc.particles=256 --set run.report=false
done
same quartic1/results.h5 quartic2/results.h5 "1 and 2 ranks"

cat >deck.toml <<'TOML'
[model.solver]
type = "model/program"
command = ["sh", "-c", "test -n \"$(echo {a} | grep -v ^-1)\" || { echo 'no convergence' >&2; exit 3; }; echo {a}"]
parameters = ["a"]
output_file = "stdout.txt"
concurrency = 2
keep = "none"
[prior.a]
type = "prior/normal"
[likelihood.d]
type = "likelihood/gaussian"
data = "data.txt"
sd = 1.0
[problem.p]
type = "problem/bayes"
model = "solver"
prior = "a"
likelihood = "d"
[sampler.eki]
type = "sampler/eki"
members = 16
[job.j]
type = "job/sample"
problem = "p"
sampler = "eki"
TOML
echo 0.5 >data.txt
expect 0 "$ALEATOR" run deck.toml --out program --set problem.p.on_failure=impute --set run.report=false
says "rows failed, "
grep -q "^-1.*sh ended with exit code 3; it says: no convergence" program/failed_rows.csv || fail "failed_rows.csv"
head -1 program/failed_rows.csv | grep -qx "a,reason" || fail "head of failed_rows.csv"
expect 3 on 2 "$ALEATOR" run deck.toml --out ended --set problem.p.on_failure=stop
says "ended/failed_rows.csv lists the rows that failed"
grep -q "^-1.*no convergence" ended/failed_rows.csv || fail "failed_rows.csv of a run that a row ended"

# Files of the deck's folder are found from anywhere, also by a run that is read again from elsewhere.
mkdir -p place elsewhere
printf '#!/bin/sh\nsh "$1" "$2"\n' >place/solver && chmod +x place/solver
echo 'echo "$1"' >place/part.sh
sed -e 's|^command.*|command = ["./solver", "./part.sh", "{a}"]|' deck.toml >place/deck.toml
mv data.txt place
printf '0.5\n' >elsewhere/at.txt
expect 0 sh -c 'cd elsewhere && "$0" run ../place/deck.toml --out ../placed --set run.report=false' "$ALEATOR"
expect 0 sh -c 'cd elsewhere && "$0" evaluate ../placed/resolved.toml --at at.txt' "$ALEATOR"
says ",0.5"
cp place/data.txt .

# A script that is another one when the run goes on is told of, the ones that are not are not.
for folder in same changed; do cp -r placed $folder && rm $folder/summary.json; done
expect 0 "$ALEATOR" resume same
says_not "has changed since"
echo '# another' >>place/part.sh
expect 0 "$ALEATOR" resume changed
says "place/part.sh has changed since this run was begun"
says_not "place/solver has changed"

cat >improper.toml <<'TOML'
[prior.start]
type = "prior/normal"
dimension = 2
[target.f]
type = "target/expression"
parameters = ["x", "y"]
log_density = "if(x > 100, 0, -infinity) + 0 * y"
[problem.p]
type = "problem/target"
prior = "start"
target = "f"
[sampler.smc]
type = "sampler/smc"
particles = 64
[job.j]
type = "job/sample"
problem = "p"
sampler = "smc"
TOML
expect 3 "$ALEATOR" run improper.toml --out improper
says "at all 64 starting points" "the first: x = "
done_testing
