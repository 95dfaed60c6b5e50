# aleator evaluate: the published values of Aristoff and Bangerth, failed rows as data, and tables that do not fit.
. "$(dirname "$0")/_lib.sh"
input=$SOURCE_DIR/input/aristoff_bangerth

# near VALUE EXPECTED: to 1e-9 relative.
near() {
  awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; s = b < 0 ? -b : b; exit !((d < 0 ? -d : d) <= 1e-9 * (s > 0 ? s : 1)) }' || fail "$1 is not $2 ($3)"
  checks=$((checks + 1))
}
cell() { sed -n "$1p" said | cut -d, -f"$2"; } # LINE COLUMN

# SIAM Review 65 (2023) 1074, and the test suite the authors publish: (log-likelihood, log-prior).
published() {
  near "$(cell 2 3)" -228.510844004 "theta = 1"
  near "$(cell 2 4)" 0 "theta = 1"
  near "$(cell 3 3)" -5708.64422369 "theta = 10"
  near "$(cell 3 4)" -42.4151848838 "theta = 10"
  near "$(cell 4 3)" -6412.82113914 "theta = 1, 2, ..., 64"
  near "$(cell 4 4)" -88.6599171951 "theta = 1, 2, ..., 64"
}
expect 0 "$ALEATOR" evaluate "$input/quickstart.toml" --at "$input/forward_checks.txt"
published
cp said one.csv
expect 0 on 2 "$ALEATOR" evaluate "$input/quickstart.toml" --at "$input/forward_checks.txt" --out two.csv
same one.csv two.csv "1 and 2 ranks"
expect 0 on 4 "$ALEATOR" evaluate "$input/quickstart.toml" --at "$input/forward_checks.txt" --out four.csv # more ranks than rows
same one.csv four.csv "1 and 4 ranks"

# OpenBLAS is told which kernels to take where it does not know the processor, unless the user has said so.
OPENBLAS_VERBOSE=2 expect 0 "$ALEATOR" evaluate "$input/quickstart.toml" --at "$input/forward_checks.txt" --out blas.csv
if grep -q "^Core: " said && grep -qw avx2 /proc/cpuinfo; then
  sed -n 's/^Core: //p' said | tail -1 | grep -qE "Prescott|Core2|Penryn|Dunnington|Nehalem|Generic" && fail "kernels of an old processor"
  OPENBLAS_VERBOSE=2 OPENBLAS_CORETYPE=Nehalem expect 0 "$ALEATOR" evaluate "$input/quickstart.toml" --at "$input/forward_checks.txt" --out blas.csv
  says "Core: Nehalem"
  says_not "Core: Haswell"
  says_not "Core: SkylakeX"
fi

# Rows that the model cannot compute are reported, the others are as without them.
deck=$DECKS/all_samplers.toml
printf '1 2 3 4\n1 -2 3 4\n4 3 2 1\n0 1 1 1\n1 nan 1 1\n1 1 inf 1\n' >rows.txt
printf '1 2 3 4\n4 3 2 1\n' >good.txt
expect 0 "$ALEATOR" evaluate "$deck" --at good.txt
cp said good
expect 0 "$ALEATOR" evaluate "$deck" --at rows.txt
[ "$(cell 2 3-)" = "$(sed -n 2p good | cut -d, -f3-)" ] && [ "$(cell 4 3-)" = "$(sed -n 3p good | cut -d, -f3-)" ] ||
  fail "failed rows change the others"
for row in 3 5 6 7; do
  [ "$(cell $row 2)" != ok ] || fail "row $((row - 2)) is not reported as failed"
  case $(cell $row 3- | tr '[:upper:]' '[:lower:]') in *inf* | *nan*) ;; *) fail "row $((row - 2)) has a likelihood" ;; esac
done

# Columns go by the names in the first line, where these are the parameters'.
printf '"theta[3]",theta[1],theta[0],theta[2]\n4,2,1,3\n1,3,4,2\n' >turned.csv
expect 0 "$ALEATOR" evaluate "$deck" --at turned.csv
same said good "columns in another order"
printf 'a,b,c,d\n1,2,3,4\n4,3,2,1\n' >nameless.csv # names of something else: as they stand
expect 0 "$ALEATOR" evaluate "$deck" --at nameless.csv --out by_place.csv
same by_place.csv good "columns with other names"
says "names none of them"
printf '# theta[3] theta[1] theta[0] theta[2]\n4 2 1 3\n1 3 4 2\n' >commented.txt
expect 0 "$ALEATOR" evaluate "$deck" --at commented.txt
same said good "columns named by a comment"
printf 'row,theta[3],theta[1],theta[0],theta[2]\n0,4,2,1,3\n1,1,3,4,2\n' >wide.csv
expect 0 "$ALEATOR" evaluate "$deck" --at wide.csv
same said good "named columns among others"
if python3 -c "import h5py" 2>/dev/null; then
  python3 -c "import h5py; h5py.File('at.h5', 'w')['points/x'] = [[1.0, 2, 3, 4], [4, 3, 2, 1]]"
  expect 0 "$ALEATOR" evaluate "$deck" --at at.h5:points/x
  same said good "an array of an HDF5 file"
fi
printf 'theta[0],theta[1],theta[2],tehta[3]\n1,2,3,4\n' >typo.csv
expect 2 "$ALEATOR" evaluate "$deck" --at typo.csv
says typo.csv "theta[3]"

# Tables that do not fit.
printf '1 2 3\n4 5 6\n' >narrow.txt
expect 2 "$ALEATOR" evaluate "$deck" --at narrow.txt
says narrow.txt "3 numbers a row" "4 parameters"
printf '1 2 3 4\n1 2 x 4\n' >word.txt
expect 2 on 2 "$ALEATOR" evaluate "$deck" --at word.txt
says_once word.txt:2:5
: >empty.txt
expect 2 "$ALEATOR" evaluate "$deck" --at empty.txt
says empty.txt
expect 2 "$ALEATOR" evaluate "$deck" --at missing.txt
says missing.txt
expect 2 "$ALEATOR" evaluate "$deck" --at rows.txt --out no/such/folder/out.csv
says no/such/folder/out.csv

# What is no ordinary file is written to, not replaced; of a link, what it leads to is; lost output is not passed over.
echo old >target.csv && ln -s target.csv link.csv && mkfifo pipe
cat pipe >from_pipe &
expect 0 "$ALEATOR" evaluate "$deck" --at good.txt --out pipe
wait
expect 0 "$ALEATOR" evaluate "$deck" --at good.txt --out link.csv
[ -p pipe ] && [ -L link.csv ] || fail "a pipe or a link was replaced by a file"
same from_pipe target.csv "through a pipe and through a link"
if [ -w /dev/full ]; then
  "$ALEATOR" evaluate "$deck" --at good.txt >/dev/full 2>said
  [ $? = 2 ] || fail "lost output is no error"
  says "standard output cannot be written"
fi
done_testing
