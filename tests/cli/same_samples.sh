# The samples of every sampler are the same bits on any number of ranks and threads; another seed gives others.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/all_samplers.toml

expect 0 "$ALEATOR" run "$deck" --out one
[ "$(find one -name results.h5 | wc -l)" = 12 ] || fail "not every sampler has its results.h5"
expect 0 env OMP_NUM_THREADS=2 "$ALEATOR" run "$deck" --out two_threads
says "1 rank x 2 threads"
same_results one two_threads "1 and 2 threads"
for ranks in 2 4; do
  expect 0 on $ranks "$ALEATOR" run "$deck" --out ranks_$ranks
  says_once "$ranks ranks x 1 thread"
  same_results one ranks_$ranks "1 and $ranks ranks"
done
expect 0 env OMP_NUM_THREADS=2 mpirun -n 2 "$ALEATOR" run "$deck" --out both
same_results one both "2 ranks with 2 threads each"

# The numbers of the summary as well, but for times, ranks, threads and what each group waited.
plain() { sed '/"idle"/,/\]/d' "$1" | grep -v -e seconds -e ess_per_second -e '"ranks"' -e '"threads"'; }
for folder in . compare/pcn compare/mala compare/hmc compare/dili compare/gpcn compare/sghmc compare/delayed compare/laplace compare/smc compare/waste_free compare/eki; do
  for other in two_threads ranks_2 ranks_4; do
    same <(plain one/$folder/summary.json) <(plain $other/$folder/summary.json) "summary of $folder in $other"
  done
done

# The point of largest density is written where it was looked for.
[ "$(grep -c '"mode": [-0-9]' one/compare/laplace/summary.json)" = "$(grep -c '"q05"' one/compare/laplace/summary.json)" ] ||
  fail "the summary of laplace has no mode of every parameter"
grep -q '"mode"' one/summary.json && fail "a mode that nobody looked for"

expect 0 "$ALEATOR" run "$deck" --set run.seed=2 --out seed_2
for file in $(cd one && find . -name results.h5); do
  cmp -s one/"$file" seed_2/"$file" && fail "$file does not depend on the seed"
done

# Chains enough that the ranks' shares fill their write buffers at different times.
long="--set sampler.random_walk.chains=3 --set sampler.random_walk.draws=12000 --set sampler.random_walk.warmup=1
  --set model.membrane.coefficients=8 --set prior.theta.dimension=64"
sed '/^compare/d' "$deck" >alone.toml && cp "$DECKS/data.txt" .
expect 0 "$ALEATOR" run alone.toml $long --out long_1
expect 0 timeout 60 mpirun -n 2 "$ALEATOR" run alone.toml $long --out long_2
same_results long_1 long_2 "3 chains of 12000 draws on 1 and 2 ranks"
done_testing
