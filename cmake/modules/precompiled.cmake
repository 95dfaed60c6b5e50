# aleator_precompile(<target> <set>): the large headers of other projects, read once for all targets of one set, whose flags must
# be the same: a third of the parsing of a unit of samplers. Only where sources are compiled together, too
# (ALEATOR_UNITY); the other presets, and tests/lint/headers.py, see to it that every file includes what it needs.
set(ALEATOR_PRECOMPILED_library <Kokkos_Core.hpp> <fmt/format.h> <algorithm> <cmath> <filesystem> <functional> <map> <memory>
    <numeric> <optional> <set> <string> <unordered_map> <vector>)
set(ALEATOR_PRECOMPILED_test ${ALEATOR_PRECOMPILED_library} <gmock/gmock.h> <gtest/gtest.h>)

function(aleator_precompile target set)
  if(NOT ALEATOR_UNITY OR ALEATOR_CUDA OR ALEATOR_KERNELS_ONLY)
    return()
  endif()
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache needs it
  get_property(first GLOBAL PROPERTY ALEATOR_PRECOMPILED_FIRST_${set})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${ALEATOR_PRECOMPILED_${set}})
    set_property(GLOBAL PROPERTY ALEATOR_PRECOMPILED_FIRST_${set} ${target})
  endif()
endfunction()
