# Models in time on grids cut into strips: values and states are those of one rank to the byte, gradients to rounding; in Fourier
# modes all to rounding.
. "$(dirname "$0")/_lib.sh"
export OMPI_MCA_mpi_yield_when_idle=1
tumour=$SOURCE_DIR/input/tumour_growth

# Forward runs.
small="--set model.fine.mesh=24 --set model.fine.dt=0.03 --set model.coarse.mesh=8"
expect 0 "$ALEATOR" run "$tumour/simulate.toml" $small --out data_1
expect 0 on 2 "$ALEATOR" run "$tumour/simulate.toml" $small --set run.domain=2 --out data_2
says_once "process grid: 1 group of 2 ranks each"
says_not "no model of this deck"
(cd data_1 && find . -name '*.txt' ! -name log.txt) >list
[ -s list ] || fail "no data were simulated"
while read -r file; do same data_1/$file data_2/$file "data of one rank and of two strips"; done <list

# Gradients steer the chains: rounding grows along their paths, so they are kept short.
posterior="$tumour/posterior.toml --set sampler.hmc.chains=3 --set sampler.hmc.warmup=2 --set sampler.hmc.draws=4
  --set sampler.hmc.leapfrogs=4 --set run.report=false"
means() { grep '"mean":' "$1/summary.json" | sed 's/.*: *//; s/,//'; }
expect 0 "$ALEATOR" run $posterior --out posterior_1
means posterior_1 >means_1
for shape in "2 2" "4 2"; do
  set -- $shape
  expect 0 on $1 "$ALEATOR" run $posterior --set run.domain=$2 --out posterior_$1
  means posterior_$1 | paste -d' ' means_1 - | awk '
    NF == 2 { n++; d = $1 - $2; if (d < 0) d = -d; if (d > 1e-9 * (1 + ($1 < 0 ? -$1 : $1))) exit 1 }
    END { exit n < 18 }' || fail "the means on $1 ranks in groups of $2 are not those of one rank"
  checks=$((checks + 1))
done

# Data assimilation: every member of the ensemble on all ranks of its group.
twin=$DECKS/burgers_twin.toml
expect 0 "$ALEATOR" run "$twin" --out twin_1
for shape in "2 2" "4 2"; do
  set -- $shape
  expect 0 on $1 "$ALEATOR" run "$twin" --set run.domain=$2 --out twin_$1
  says_not "no model of this deck"
  same_results twin_1 twin_$1 "one rank, and $1 ranks in groups of $2"
done

# Fourier modes: the same statistics of outputs, in groups of two and three ranks.
vortices="$SOURCE_DIR/input/navier_stokes/simulate.toml --set model.fine.mesh=24"
expect 0 "$ALEATOR" run $vortices --out vortices_1
for n in 2 3; do
  expect 0 on $n "$ALEATOR" run $vortices --set run.domain=$n --out vortices_$n
  says_once "process grid: 1 group of $n ranks each"
  says_not "no model of this deck"
  paste -d' ' vortices_1/data.txt vortices_$n/data.txt | awk '!/#/ {
    for (i = 1; i <= NF / 2; i++) { n++; d = $i - $(i + NF / 2); if (d < 0) d = -d; if (d > 1e-11) exit 1 } }
    END { exit n < 200 }' || fail "the data on $n ranks are not those of one rank"
  checks=$((checks + 1))
done
expect 2 "$ALEATOR" check $vortices --set run.domain=9
says "the waves of mesh = 24 can be dealt to 8 ranks, not to 9"

expect 2 "$ALEATOR" check "$tumour/posterior.toml" --set run.domain=21
says_once "20 rows of grid points cannot be dealt to 21 ranks"
says "mesh = 20"
done_testing
