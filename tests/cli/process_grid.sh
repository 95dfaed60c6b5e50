# Ranks in groups that evaluate a model together: samplers, files and checkpoints are those of a run without groups.
. "$(dirname "$0")/_lib.sh"
export OMPI_MCA_mpi_yield_when_idle=1  # groups wait for each other at every model run
# With this solver no rank of a group works for another.
sed 's/^type = "pde\/diffusion"/&\nsolver = "dissection"/' "$DECKS/all_samplers.toml" >alone.toml && cp "$DECKS/data.txt" .
deck=alone.toml

# A model that is not decomposed gives the same bits on every rank of a group, so the results must be the same bytes.
expect 0 "$ALEATOR" run "$deck" --out one
says_not "process grid"
for shape in "2 2" "4 2"; do
  set -- $shape
  expect 0 on $1 "$ALEATOR" run "$deck" --set run.domain=$2 --out grid_$1_$2
  says_once "process grid: $(($1 / $2)) group"
  says_once "no model of this deck works on a decomposed domain"
  same_results one grid_$1_$2 "one rank, and $1 ranks in groups of $2"
done

# How long the groups waited for each other.
expect 0 on 2 "$ALEATOR" run "$deck" --out two_groups
says_once "idle, waiting for other groups"
for summary in $(find two_groups -name summary.json); do
  grep -A2 '"idle": \[' $summary | grep -c '0\.' >count
  [ "$(cat count)" = 2 ] || fail "$summary does not give the idle time of both groups"
done
! grep -rq '"idle"' one || fail "one group has nobody to wait for"

# The other jobs: forward runs, draws, simulated data.
input=$SOURCE_DIR/input/forward_uq
small="--set job.draws.samples=101 --set job.deflection.samples=101 --set model.membrane.mesh=16 --set model.membrane.solver=dissection"
expect 0 "$ALEATOR" run "$input/forward.toml" $small --out jobs_1
expect 0 on 2 "$ALEATOR" run "$input/forward.toml" $small --set run.domain=2 --out jobs_2
(cd jobs_1 && find . -type f ! -name log.txt ! -name index.html ! -name resolved.toml) >list
while read -r file; do same jobs_1/$file jobs_2/$file "jobs in one group of 2 ranks"; done <list

# Stopped and gone on with on another grid.
long="--set sampler.random_walk.draws=5000 --set model.membrane.mesh=64"
expect 0 "$ALEATOR" run "$deck" $long --out whole
stop="--set run.wall_time_minutes=0.004 --set run.stop_margin_minutes=0.001"
expect 0 on 4 "$ALEATOR" run "$deck" $long $stop --set run.domain=2 --out parts
says_once "with a checkpoint"
expect 0 on 2 "$ALEATOR" resume parts --set run.domain=2 $stop
expect 0 on 2 "$ALEATOR" resume parts --set run.domain=1 --set run.wall_time_minutes=100
same_results whole parts "stopped on 4 ranks in groups of 2, ended on 2 ranks"

# A decomposed model: the same numbers to the tolerance of its solver, on every grid.
box=$DECKS/box.toml
numbers() { # DIR: the outputs of the forward runs, then the posterior's means
  tail -n +2 "$1/forward/outputs.csv" | cut -d, -f3- | tr ',' '\n'
  grep '"mean":' "$1/posterior/summary.json" | sed 's/.*: *//; s/,//'
}
close() { # FILE FILE WHEN
  paste -d' ' "$1" "$2" | awk '
    NF == 2 { n++; d = $1 - $2; if (d < 0) d = -d; if (d > 1e-7 * (1 + ($1 < 0 ? -$1 : $1))) exit 1 }
    END { exit n < 50 }' || fail "$3: the numbers differ"
  checks=$((checks + 1))
}
expect 0 "$ALEATOR" run "$box" --out box_1
numbers box_1 >box_1.txt
for shape in "2 2" "4 2"; do
  set -- $shape
  expect 0 on $1 "$ALEATOR" run "$box" --set run.domain=$2 --out box_$1_$2
  says_not "no model of this deck"
  numbers box_$1_$2 >box.txt
  close box_1.txt box.txt "one rank, and $1 ranks in groups of $2"
done
expect 2 on 2 "$ALEATOR" run "$box" --set run.domain=2 --set model.block.preconditioner=cholmod --out factor
says_once "cholmod"
expect 2 "$ALEATOR" run "$box" --set 'model.block.petsc={ksp_typo = 1}' --out typo
says_once "ksp_typo"

expect 2 on 4 "$ALEATOR" run "$deck" --set run.domain=3 --out bad
says_once "domain = 3 does not divide the 4 ranks of this run"
says_once "1, 2, 4"
[ ! -e bad ] || fail "a folder was made for a grid that cannot be"
expect 2 "$ALEATOR" check "$deck" --set run.domain=-1
says "(>= 0)"
expect 0 "$ALEATOR" check "$deck" --set run.domain=3
expect 0 on 2 "$ALEATOR" run "$deck" --set run.domain=0 --out automatic
says_once "process grid: 2 groups of 1 rank each, chosen from: no model of this deck works on a decomposed domain"
same_results one automatic "automatic choice"
done_testing
