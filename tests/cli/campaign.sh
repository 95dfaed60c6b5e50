# Campaigns: replicates and values of a deck's keys, run side by side on groups of ranks, stopped, failed and resumed.
. "$(dirname "$0")/_lib.sh"
cp "$DECKS/campaign.toml" deck.toml

expect 0 "$ALEATOR" check deck.toml
says "campaign: 6 runs"
expect 0 "$ALEATOR" run deck.toml --out one
says_once "campaign of 6 runs on 1 group of 1 rank"
says_once "run 006 (particles = 256, seed 9) finished"
[ "$(wc -l <one/runs.csv)" = 7 ] || fail "runs.csv has $(wc -l <one/runs.csv) lines"
grep -q '^004,7,256,finished,' one/runs.csv || fail "runs.csv does not tell run 004"
[ ! -e one/runs/.claims ] || fail "claims are left over"

# A run is the deck with its values: alone, on any number of ranks, in any group.
expect 0 "$ALEATOR" run deck.toml --set campaign.replicates=1 --set 'campaign.vary={}' --set run.seed=8 --set sampler.smc.particles=256 --out alone
same alone/results.h5 one/runs/005/results.h5 "alone and in the campaign"
expect 0 on 2 "$ALEATOR" run deck.toml --out two
says_once "campaign of 6 runs on 2 groups of 1 rank"
says_once "idle, with no run left to do"
same_results one two "1 rank, and 2 groups"
expect 0 on 4 "$ALEATOR" run deck.toml --set campaign.groups=2 --out four
says_once "campaign of 6 runs on 2 groups of 2 ranks"
same_results one four "1 rank, and 2 groups of 2 ranks"
says_not "threads (2 ranks"

# A run of its own folder, and the campaign again: nothing is done twice.
expect 0 "$ALEATOR" resume one/runs/002
says "this run is finished"
before=$(fingerprint_of one/runs)
expect 0 "$ALEATOR" resume one
says "done in"
[ "$(fingerprint_of one/runs)" = "$before" ] || fail "resume did finished runs again"
for other in 'campaign.vary={sampler.smc.particles=[32, 48]}' run.seed=9 campaign.replicates=1; do
  expect 2 "$ALEATOR" resume one --set "$other"
  says "--set $other" "was begun with another value"
done
[ "$(fingerprint_of one/runs)" = "$before" ] || fail "a refused resume changed the runs"
cp -r one edited && sed -i "s/^correlation = .*/correlation = 0.2/" edited/resolved.toml
expect 2 "$ALEATOR" resume edited
says "runs/001: this run is finished, but with another deck"
expect 0 "$ALEATOR" report one
expect 2 "$ALEATOR" run deck.toml --out one
says "exists and is not empty"

# Stopped by its wall time, and killed, on any number of groups.
long="--set sampler.smc.correlation=0.001 --set sampler.smc.max_moves=400 --set run.checkpoint_minutes=0"
expect 0 on 2 "$ALEATOR" run deck.toml $long --out whole
for group in 0 1; do # a run takes long enough for the other group to take the next
  grep -qs "\"group\": $group" whole/runs/*/state.json || fail "group $group did nothing"
done
expect 0 on 2 "$ALEATOR" run deck.toml $long --set run.wall_time_minutes=0.004 --set run.stop_margin_minutes=0.002 --out parts
says "runs to do; to go on:  aleator resume parts"
for time in 0.3 0.5 0.7; do
  (timeout -s KILL $time "$ALEATOR" resume parts --set run.wall_time_minutes=100 >"$scratch/said" 2>&1) 2>/dev/null
done
expect 0 on 2 "$ALEATOR" resume parts --set run.wall_time_minutes=100
same_results whole parts "stopped, killed and resumed"

# A run that fails is noted, the others go on; it is tried again.
fails='target.shell.log_density=["-50*(x1^2 + x2^2 - 1)^2","log(-1 - x1^2)"]'
for ranks in 1 2; do
  expect 2 on $ranks "$ALEATOR" run deck.toml --set "campaign.vary={$fails}" --set campaign.replicates=1 --set campaign.groups=1 --out fails_$ranks
  says "run 002" "failed" "nothing could be computed at any of" "1 of 2 runs failed"
  grep -q '"status": "failed"' fails_$ranks/runs/002/state.json || fail "state.json does not say failed"
  [ -s fails_$ranks/runs/001/results.h5 ] || fail "the sound run is missing"
  [ -s fails_$ranks/report/index.html ] || fail "no report"
done
expect 2 "$ALEATOR" resume fails_1
says "run 002" "1 of 2 runs failed"
says_not "run 001"

# Faults of any run are found before the first begins.
refused() { # TEXT SETTING...
  local text=$1
  shift
  expect 2 "$ALEATOR" run deck.toml "$@" --out never
  says "$text"
  [ ! -e never ] || fail "a folder was made"
}
refused "this is run 002 (particles = 2, seed 7) of the campaign" --set 'campaign.vary={sampler.smc.particles=[64, 2]}' --set campaign.replicates=1
refused "unknown key 'particle'" --set 'campaign.vary={sampler.smc.particle=[64]}'
refused "varies run.seed, which replicates > 1 does too" --set 'campaign.vary={run.seed=[1, 2]}'
refused "groups = 3 does not divide the 1 rank" --set campaign.groups=3
expect 2 "$ALEATOR" calibrate deck.toml --out never
says "calibration is of one run, not of a campaign"
done_testing
