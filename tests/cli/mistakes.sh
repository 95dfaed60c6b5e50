# What users get wrong: exit code 2, one message that names the thing, and no file made or changed.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/all_samplers.toml
refused() { # TEXTS... -- COMMAND...
  local texts=()
  while [ "$1" != -- ]; do texts+=("$1") && shift; done
  shift
  expect 2 "$@"
  says "${texts[@]}"
  [ ! -e runs ] && [ ! -e out ] || fail "a refused command left a folder: $*"
}
refused "no command 'runn'" -- "$ALEATOR" runn "$deck"
refused DECK -- "$ALEATOR" run
refused none.toml "cannot be read" -- "$ALEATOR" run none.toml
refused none.toml "cannot be read" -- "$ALEATOR" check none.toml
refused "--frobnicate" -- "$ALEATOR" run "$deck" --frobnicate
refused "kind.name.key=value" -- "$ALEATOR" run "$deck" --set seed
refused "unknown key 'drawz'" "did you mean 'draws'" -- "$ALEATOR" run "$deck" --set sampler.mala.drawz=3
refused "no block [sampler.malla]" "did you mean 'mala'" -- "$ALEATOR" run "$deck" --set sampler.malla.draws=3
refused "draws must be a whole number" -- "$ALEATOR" run "$deck" --set sampler.mala.draws=many
refused "sampler.mala" "chains = 0 is not allowed" -- "$ALEATOR" run "$deck" --set sampler.mala.chains=0 --out out
sed '/^\[job/,$d' "$deck" >no_job.toml && cp "$DECKS/data.txt" .
refused no_job.toml "[job" "nothing to run" -- "$ALEATOR" run no_job.toml
sed '/^\[sampler/,/^$/d' "$deck" >no_sampler.toml
refused no_sampler.toml "[job.posterior]" random_walk -- "$ALEATOR" run no_sampler.toml
expect 2 on 2 "$ALEATOR" run "$deck" --set sampler.mala.drawz=3 --out out
says_once "unknown key 'drawz'"
[ ! -e out ] || fail "a refused deck left a folder"

# Folders.
refused "nothing" "no such folder" -- "$ALEATOR" resume nothing
refused "nothing" "no such folder" -- "$ALEATOR" report nothing
mkdir other && echo mine >other/file && before=$(fingerprint_of other)
refused other "not a run folder" -- "$ALEATOR" resume other
refused other "not empty" "--out" -- "$ALEATOR" run "$deck" --out other
refused other/file "a file" -- "$ALEATOR" run "$deck" --out other/file
[ "$before" = "$(fingerprint_of other)" ] || fail "a folder that is none of ours was changed"

# A finished run: neither run nor resume touch it.
expect 0 "$ALEATOR" run "$deck" --out done
before=$(fingerprint_of done)
refused "the run folder exists and is not empty" "aleator resume done" -- "$ALEATOR" run "$deck" --out done
expect 2 on 2 "$ALEATOR" run "$deck" --out done
says_once "the run folder exists and is not empty"
expect 0 "$ALEATOR" resume done
says "this run is finished" "aleator report done"
expect 0 on 2 "$ALEATOR" resume done
[ "$before" = "$(fingerprint_of done)" ] || fail "the finished run was changed"

# Without --out: runs/<deck>, then runs/<deck>-2.
expect 0 "$ALEATOR" run "$deck"
expect 0 "$ALEATOR" run "$deck"
same_results runs/all_samplers runs/all_samplers-2 "two runs of one deck"
for i in 1 2 3 4; do "$ALEATOR" run "$deck" >together_$i 2>&1 & done
wait # all four begin at once: each has its own
for i in 3 4 5 6; do [ -s runs/all_samplers-$i/summary.json ] || [ -d runs/all_samplers-$i/compare ] || fail "of runs begun together one has no folder"; done
mkdir empty && expect 0 "$ALEATOR" run "$deck" --out empty # a folder that is there but empty will do

# A run that a failed row stopped goes on with another policy.
cat >roots.toml <<'END'
[model.m]
type = "model/expression"
parameters = ["x"]
outputs = ["sqrt(x)"]

[job.run]
type = "job/forward"
model = "m"
at = [[4.0], [-1.0], [9.0]]
on_failure = "stop"
END
expect 3 "$ALEATOR" run roots.toml --out roots
says "row 1, x = -1: "
expect 0 "$ALEATOR" resume roots --set job.run.on_failure=reject
grep -q "^2,ok,3$" roots/outputs.csv || fail "the rows behind the failed one are not there"
expect 2 "$ALEATOR" resume roots --set model.m.outputs='["x"]'

# Options that PETSc knows not are a mistake of the deck.
printf '[model.m]\ntype = "pde/mesh_diffusion"\ncells = [4, 4]\ndirichlet = {left = 0.0}\npoints = [[0.5, 0.5]]\n' >petsc.toml
printf 'petsc = {pc_type = "nonsense"}\n\n[job.run]\ntype = "job/forward"\nmodel = "m"\nat = [[1.0]]\n' >>petsc.toml
expect 2 "$ALEATOR" run petsc.toml --out petsc
says "one of the options pc_type: Unknown type"

# The run folder holds all that the run needs: it may be moved.
expect 0 "$ALEATOR" run "$deck" --set sampler.random_walk.draws=20000 --set run.wall_time_minutes=0.002 --set run.stop_margin_minutes=0.001 \
  --set model.membrane.mesh=32 --out here
expect 2 "$ALEATOR" report here
says "not finished" "aleator resume here"
mkdir elsewhere && mv here elsewhere/there
(cd / && expect 0 "$ALEATOR" resume "$scratch/elsewhere/there" --set run.wall_time_minutes=100) || exit 1
expect 0 "$ALEATOR" run elsewhere/there/resolved.toml --set run.wall_time_minutes=100 --out again # and its deck is a deck
same_results elsewhere/there again "a run and one from its resolved deck"
done_testing
