# A full disk: exit code 2, the message names the file, and the last good checkpoint leads to the same samples.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/all_samplers.toml
long="--set sampler.random_walk.draws=20000 --set model.membrane.mesh=32" # a second, so that a stop after 0.2 s meets this sampler
on="--set run.wall_time_minutes=100" # resolved.toml holds the wall time of the first part
stop="--set run.wall_time_minutes=0.003 --set run.stop_margin_minutes=0.002"
expect 0 "$ALEATOR" run "$deck" $long --out whole

# No file may grow beyond 8 MiB: results.h5 cannot be laid out, or not be written at its end. (MPI itself needs files of some size.)
limited() { (ulimit -f 8192 && trap '' XFSZ && exec "$@"); }
large="--set sampler.random_walk.draws=60000"
expect 0 "$ALEATOR" run "$deck" $large --out whole_large
expect 2 limited "$ALEATOR" run "$deck" $large --out small
says small/results.h5
[ ! -e small/results.h5.partial ] || fail "a half-made results file was left"
expect 0 "$ALEATOR" resume small
same_results whole_large small "after a results file that could not be made"

expect 0 "$ALEATOR" run "$deck" $large $stop --out limit
expect 2 limited "$ALEATOR" resume limit $on --set run.checkpoint_minutes=0
says limit/results.h5
# Checkpoints written before the results outgrew the limit are good ones too: the last of them leads on.
expect 0 on 2 "$ALEATOR" resume limit $on
same_results whole_large limit "after a file that could not grow"

mkdir disk
mount -t tmpfs -o size=16m none disk 2>/dev/null || { echo "no small disk can be mounted here: that part is skipped" && done_testing && exit 0; }
trap 'umount "$scratch/disk"; rm -rf "$scratch"' EXIT
expect 0 "$ALEATOR" run "$deck" $long $stop --out disk/run
before=$(sha256sum disk/run/checkpoint.h5)
dd if=/dev/zero of=disk/filler bs=1k count=20000 status=none 2>/dev/null
for ranks in 1 2; do
  expect 2 on $ranks "$ALEATOR" resume disk/run $on --set run.checkpoint_minutes=0
  says_once "disk/run/checkpoint.h5 was not written: No space left on device"
done
[ "$before" = "$(sha256sum disk/run/checkpoint.h5)" ] || fail "the good checkpoint was lost"
expect 2 "$ALEATOR" run "$deck" --out disk/new
says disk/new "No space left on device"
[ ! -e disk/new ] || fail "a run folder that could not be made was left behind"
rm disk/filler
expect 0 "$ALEATOR" resume disk/run $on
same_results whole disk/run "after a full disk"
done_testing
