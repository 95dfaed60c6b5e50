# Models on meshes: outputs and fields are the same bytes on any number of ranks, whichever rank solved a row; options of PETSc
# that nobody knows end the run; PETSc is ended before MPI.
. "$(dirname "$0")/_lib.sh"
deck=$DECKS/mesh_fields.toml

expect 0 "$ALEATOR" run "$deck" --out one
says "5 model runs"
for ranks in 2 4; do
  expect 0 on $ranks "$ALEATOR" run "$deck" --out ranks_$ranks
  says_not "PETSC ERROR"
  for file in outputs.csv fields.h5 fields.xdmf summary.json; do same one/$file ranks_$ranks/$file "$ranks ranks"; done
done
[ "$(grep -c 'TopologyType="Triangle"' one/fields.xdmf)" = 3 ] || fail "fields.xdmf does not show three meshes of triangles"
! command -v gnuplot >/dev/null || grep -q "Map of modulus, row 0" one/report/index.html || fail "no map of the modulus"

# Two ranks that share the equations of each row: the same numbers to rounding, and the fields of the whole mesh.
export OMPI_MCA_mpi_yield_when_idle=1
expect 0 on 2 "$ALEATOR" run "$deck" --set run.domain=2 --out shared
says_once "process grid: 1 group of 2 ranks each"
says_not "no model of this deck works on a decomposed domain"
same one/fields.xdmf shared/fields.xdmf "one rank, and two that share a row"
paste -d, one/outputs.csv shared/outputs.csv | awk -F, 'NR > 1 { n = NF / 2; rows++
  for (k = 3; k <= n; k++) { d = $k - $(k + n); if (d < 0) d = -d; if (!(d <= 1e-11)) exit 1 } } END { exit rows != 5 }' ||
  fail "two ranks that share a row find other outputs"

expect 0 "$ALEATOR" run "$deck" --set 'model.plate.solver="iterative"' --set 'model.plate.petsc={ksp_rtol=1e-12}' --out krylov
expect 2 "$ALEATOR" run "$deck" --set 'model.plate.petsc={ksp_tolerance=1e-12}' --out unknown
says "PETSc does not know the option ksp_tolerance"
done_testing
