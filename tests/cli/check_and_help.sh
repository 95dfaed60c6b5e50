# Commands that need no ranks run without MPI, help shows examples, and every deck of input/ passes check.
. "$(dirname "$0")/_lib.sh"

# An MPI that cannot start: a run fails in it, these commands do not notice.
export OMPI_MCA_pml=none_such OMPI_MCA_btl=none_such PMIX_MCA_gds=none_such
expect 0 "$ALEATOR" --version
says "aleator " "git " "Kokkos " "PETSc " "MPI " "HDF5 "
if [ -n "${DEFERRED:-}" ]; then # the loader lists what it binds: PETSc takes longer than all else
  LD_DEBUG=files expect 0 "$ALEATOR" --version
  says libhdf5
  says_not "$DEFERRED"
fi
expect 0 "$ALEATOR" list
says sampler/mala pde/diffusion prior/log_normal job/sample
for component in $(grep -oE '^  [a-z]+/[a-z0-9_]+' said); do
  expect 0 "$ALEATOR" describe "$component"
  grep -qF "It has no keys." said || says "meaning"
done
expect 0 "$ALEATOR" schema
python3 -m json.tool <said >/dev/null 2>&1 || ! command -v python3 >/dev/null || fail "the schema is not JSON"
expect 2 "$ALEATOR" describe sampler/malla
says "sampler/mala"
decks=0
for deck in $(find "$SOURCE_DIR/input" -name "*.toml" ! -name reference.toml); do
  expect 0 "$ALEATOR" check "$deck"
  says "no errors"
  decks=$((decks + 1))
done
[ $decks -gt 0 ] || fail "input/ holds no deck"
[ -z "$(find . -mindepth 1 ! -name said)" ] || fail "these commands left files: $(ls -A)"

sed '/^\[\(sampler\|job\)/,$d' "$DECKS/all_samplers.toml" >served.toml && cp "$DECKS/data.txt" .
expect 0 "$ALEATOR" check served.toml
says "no errors" "aleator serve"

expect 0 "$ALEATOR" --help
says run resume check list describe evaluate serve report schema "Examples:"
for command in run resume check evaluate serve report list describe schema; do
  expect 0 "$ALEATOR" $command --help
  says "aleator $command"
done
expect 2 "$ALEATOR"
says "--help"
done_testing
