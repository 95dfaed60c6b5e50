#!/usr/bin/env bash
# Packages, Kokkos, a build with warnings as errors, and all tests. Arguments go to ctest: `cmake/test.sh -R sampler`.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

bash "$ALEATOR_SOURCE/cmake/setup.sh"
bash "$ALEATOR_SOURCE/cmake/kokkos.sh"
configure_and_build ci
cd "$ALEATOR_SOURCE/build/ci"
exec ctest --output-on-failure -j2 "$@"
