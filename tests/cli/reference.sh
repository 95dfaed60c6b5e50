# docs/reference is what `aleator reference` writes today.
. "$(dirname "$0")/_lib.sh"
expect 0 "$ALEATOR" reference pages
[ -f pages/README.md ] || fail "no index"
diff -r pages "$SOURCE_DIR/docs/reference" >difference ||
  { head -30 difference; fail "docs/reference is stale; write it anew: aleator reference docs/reference"; }
done_testing
