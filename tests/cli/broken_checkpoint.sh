# A checkpoint that cannot be trusted is refused with exit code 2 and stays as it is; so does one of another deck.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/all_samplers.toml
stop="--set run.wall_time_minutes=0.003 --set run.stop_margin_minutes=0.002"
expect 0 "$ALEATOR" run "$deck" --set sampler.random_walk.draws=20000 --set model.membrane.mesh=32 $stop --out good
[ -f good/checkpoint.h5 ] || fail "no checkpoint to break"
on="--set run.wall_time_minutes=100" # in resolved.toml stands the wall time of the first part
cp -r good whole && expect 0 "$ALEATOR" resume whole $on

# broken TEXT CODE: a copy of the run, with the shell code run in it, is refused with that text and nothing else changes.
broken() {
  rm -rf broken && cp -r good broken
  (cd broken && eval "$2") || fail "$2"
  local before after
  before=$(cd broken && sha256sum checkpoint.h5 resolved.toml $([ -e results.h5 ] && echo results.h5))
  expect 2 "$ALEATOR" resume broken
  says "$1"
  after=$(cd broken && sha256sum checkpoint.h5 resolved.toml $([ -e results.h5 ] && echo results.h5))
  [ "$before" = "$after" ] || fail "the refused run was changed: $2"
  says_not "bug in Aleator"
}
size=$(stat -c %s good/checkpoint.h5)
broken broken/checkpoint.h5 ': >checkpoint.h5'
broken broken/checkpoint.h5 'echo "not a checkpoint" >checkpoint.h5'
broken broken/checkpoint.h5 'cp results.h5 checkpoint.h5'
for share in 5 30 50; do broken broken/checkpoint.h5 "truncate -s $((size * share / 100)) checkpoint.h5"; done
# Bytes replaced or cut off, wherever they lie: refused, or they were in a gap of the file and mean nothing.
refused_or_harmless() {
  rm -rf damaged && cp -r good damaged
  (cd damaged && eval "$1") || fail "$1"
  "$ALEATOR" resume damaged $on >said 2>&1
  case $? in
    0) same_results whole damaged "$1" ;;
    2) says damaged/checkpoint.h5 ;;
    *) fail "exit code after: $1" ;;
  esac
}
for share in 0 2 7 13 20 28 35 43 50 57 65 71 80 88 98; do
  refused_or_harmless "printf '\\x5a\\xa5\\x5a\\xa5\\x5a\\xa5' | dd of=checkpoint.h5 bs=1 seek=$((size * share / 100)) conv=notrunc status=none"
done
for share in 75 90 99; do refused_or_harmless "truncate -s $((size * share / 100)) checkpoint.h5"; done
broken "another deck" 'sed -i "s/^sd = .*/sd = 0.06/" resolved.toml'
broken "another deck" 'sed -i "s/^seed = .*/seed = 5/" resolved.toml'
broken "another deck" 'sed -i "s/0.352/0.353/" inputs/*data*'
broken broken/inputs 'rm -r inputs'
broken broken/results.h5 'rm results.h5'
broken broken/results.h5 'truncate -s 5000 results.h5'
broken broken/results.h5 'cp ../whole/compare/smc/results.h5 .'
cp -r good later && expect 0 "$ALEATOR" resume later --set run.wall_time_minutes=0.01 --set run.stop_margin_minutes=0.002
broken "lacks draws" 'cp ../later/checkpoint.h5 .'
expect 2 on 2 "$ALEATOR" resume broken
says_once broken/results.h5
expect 2 "$ALEATOR" resume good --set sampler.random_walk.draws=50
says "--set sampler.random_walk.draws=50" "was begun with another value"

# What may change: when to stop, how often to save; a half-written checkpoint beside the good one is nothing.
head -c 700 good/checkpoint.h5 >good/checkpoint.h5.partial
expect 0 "$ALEATOR" resume good --set run.checkpoint_minutes=0 $on
same_results whole good "resumed beside a half-written checkpoint"

# As the message says: without the checkpoint the run begins anew in its folder.
rm -rf broken && cp -r whole broken && rm broken/summary.json broken/checkpoint.h5 && : >broken/results.h5
expect 0 "$ALEATOR" resume broken $on
same_results whole broken "begun anew"
done_testing
