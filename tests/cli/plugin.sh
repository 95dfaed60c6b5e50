# The template of docs/ builds against an installation that holds nothing but the plugin package, and its deck runs; wrong
# libraries are refused with the place in the deck.
. "$(dirname "$0")/_lib.sh"
build=$(dirname "$(dirname "$ALEATOR")")
expect 0 cmake --install "$build" --prefix "$scratch/prefix" --component plugin
cp -r "$SOURCE_DIR/docs/plugin_template" model
# No pkg-config, no PETSc, no MPI: the header is all that is needed.
expect 0 env PKG_CONFIG=/bin/false cmake -S model -B model/build -DCMAKE_PREFIX_PATH="$scratch/prefix" \
  -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON -DCMAKE_DISABLE_FIND_PACKAGE_Kokkos=ON
expect 0 cmake --build model/build
short="--set sampler.main.warmup=60 --set sampler.main.draws=60"
expect 0 "$ALEATOR" check model/deck.toml
says "6 data, with gradient"
expect 0 "$ALEATOR" run model/deck.toml $short --out one
says "plugin " "built for Aleator"
expect 0 on 2 "$ALEATOR" run model/deck.toml $short --out two
same_results one two "on 2 ranks"
rm -r model/build
expect 0 "$ALEATOR" resume one
says "finished"
cp -r one/inputs/*.so model/kept.so

# A row outside what the model can do says so.
printf '80 0.04\n80 -1\n' >at.txt
expect 0 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=kept.so --at at.txt
says "0,ok,-" '1,"a negative rate",nan'

wrong() { # wrong PLACE TEXT --set...: refused, with the place in the deck where there is one
  local place=$1 text=$2
  shift 2
  expect 2 "$ALEATOR" check model/deck.toml "$@"
  says "$place" "$text"
}
wrong "library" "cannot be read" --set model.cup.library=none.so
wrong "library" "is no shared library" --set model.cup.library=measured.txt
wrong "config: " "config has a key 'rooms' that the model does not know" --set model.cup.library=kept.so \
  --set 'model.cup.config={times=[1,2,3,4,5,6],rooms=1.0}'
wrong "config: " "config has no key 'times'" --set model.cup.library=kept.so --set 'model.cup.config={}'
wrong "name: " "the library has no model 'Tea'; there are: Cooling" --set model.cup.library=kept.so --set model.cup.name=Tea

# The same model in C: the same numbers, failures and draws.
expect 0 cc -O2 -std=c99 -pedantic-errors -Wall -Wextra -Werror -shared -fPIC -I"$scratch/prefix/include" \
  -o model/in_c.so model/model.c -lm
in_c="--set model.cup.library=in_c.so --set model.cup.config={room=20.0}"
expect 0 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=kept.so --at at.txt --out in_cpp.csv
expect 0 "$ALEATOR" evaluate model/deck.toml $in_c --at at.txt --out in_c.csv
same in_cpp.csv in_c.csv "in C"
expect 0 "$ALEATOR" run model/deck.toml $in_c $short --out in_c
says_not "derivatives are not those of its values"
sed 's/du\[0\] += decay/du[0] += 2.0 * decay/' model/model.c >twice.c
expect 0 cc -O2 -shared -fPIC -I"$scratch/prefix/include" -o model/twice.so twice.c -lm
expect 0 "$ALEATOR" run model/deck.toml $in_c --set model.cup.library=twice.so $short --out twice
says_once "derivatives are not those of its values"
grep -q "derivatives are not those of its values" twice/report/index.html || fail "the report does not pass the warning on"

# Libraries that are no plugins, of another interface, that throw.
compile() { c++ -std=c++17 -shared -fPIC -I"$SOURCE_DIR/src/external/api" -o "model/$1.so" "$1.cpp" || fail "$1.cpp"; }
echo 'int nothing;' >empty.cpp && compile empty
wrong "library: " "does not export 'aleator_plugin_about'" --set model.cup.library=empty.so
sed -e '/plugin.hpp/a #undef ALEATOR_PLUGIN_API\n#define ALEATOR_PLUGIN_API 7' \
  model/model.cpp >newer.cpp && compile newer
wrong "library: " "version 7 of the plugin interface" --set model.cup.library=newer.so
sed 's/if (rate < 0.0)/if (rate < 0.0) throw std::runtime_error("overheated");\n      if (false)/' model/model.cpp >throws.cpp && compile throws
expect 0 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=throws.so --at at.txt
says '0,ok,-' '1,"the plugin reports: overheated",nan'

# An output that is not written is no number, whatever lies in memory.
sed 's|rows.y(row)\[i\] = |if (i > 0) rows.y(row)[i] = |' model/model.cpp >forgets.cpp && ! cmp -s model/model.cpp forgets.cpp && compile forgets
expect 0 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=forgets.so --at at.txt
says "the plugin did not write its output"

# A crash says whose it is and where, on any number of ranks, and leaves a run that can go on.
sed 's/if (rate < 0.0)/if (rate < 0.0) *static_cast<volatile int*>(nullptr) = 1;\n      if (false)/' model/model.cpp >crashes.cpp && compile crashes
expect 3 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=crashes.so --at at.txt
says_once "crashes.so crashed in its evaluate function (segmentation fault"
says "at or before row 1 of the 2" "start = 80, rate = -1"
sed 's/if (rate < 0.0)/if (rate < 0.0) std::abort();\n      if (false)/' model/model.cpp >aborts.cpp && compile aborts
expect 3 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=aborts.so --at at.txt
says_once "it called abort, or threw an exception that nobody caught"
sed 's/if (rate < 0.0)/if (rate < 0.0) std::exit(0);\n      if (false)/' model/model.cpp >exits.cpp && compile exits
expect 3 "$ALEATOR" evaluate model/deck.toml --set model.cup.library=exits.so --at at.txt
says_once "ended the program from its evaluate function" "it called exit"
says_not "Process received signal"
sed 's/const double start/static int calls = 0;\n      if (++calls > 1000) *static_cast<volatile int*>(nullptr) = 1;\n      const double start/' model/model.cpp >later.cpp && compile later
for ranks in 1 4; do
  expect 3 on $ranks "$ALEATOR" run model/deck.toml $short --set model.cup.library=later.so --out "later_$ranks"
  says "later.so crashed in its"
  says_not "Process received signal"
done
expect 0 on 4 "$ALEATOR" run model/deck.toml $short --set model.cup.library=in_c.so --set model.cup.config={room=20.0} --out in_c_4
same_results in_c in_c_4 "of the C interface on 4 ranks"
done_testing
