# Ensemble methods leave out members whose model blew up without saying so, and reach the posterior of the others.
. "$(dirname "$0")/_lib.sh"
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || skip "no python3"
expect 0 "$ALEATOR" run "$DECKS/blown_up.toml" --set run.report=false --out out
expect 0 $python - <<'E1'
import json
for folder in ("out", "out/compare/eks", "out/compare/uki", "out/compare/aldi"):
    row = json.load(open(folder + "/summary.json"))["parameters"]["k"]
    # Exact: mean 0.24876, sd 0.07053; 256 members and more: some five standard errors.
    assert abs(row["mean"] - 0.2488) < 0.025 and 0.75 < row["sd"] / 0.0705 < 1.25, (folder, row)
E1

# An ensemble that collapses leaves the one before in the checkpoint: below k = 0.5 all members give the same.
sed -e 's|^outputs.*|outputs = ["if(k > 0.5, k, 0)"]|' -e 's|^data = .*|data = [-1.0]|' -e 's|^sd = .*|sd = 0.3|' \
  -e 's|^compare.*||' "$DECKS/blown_up.toml" >collapse.toml
expect 3 "$ALEATOR" run collapse.toml --set sampler.eki.members=8 --out collapse
says "the ensemble has collapsed in iteration" "the ensemble before iteration" "collapse/checkpoint.h5"
expect 3 "$ALEATOR" resume collapse
says "resumed at" "the ensemble has collapsed in iteration"
done_testing
