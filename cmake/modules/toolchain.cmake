# Read before project(): where the cached Kokkos lies, and the compiler that goes with it.
if(DEFINED ENV{ALEATOR_CACHE})
  set(ALEATOR_CACHE "$ENV{ALEATOR_CACHE}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(ALEATOR_CACHE "$ENV{XDG_CACHE_HOME}/aleator")
else()
  set(ALEATOR_CACHE "$ENV{HOME}/.cache/aleator")
endif()

set(aleator_kokkos_variant omp)
if(ALEATOR_CUDA)
  set(aleator_kokkos_variant cuda)
  if(NOT CMAKE_CXX_COMPILER)
    set(CMAKE_CXX_COMPILER "${ALEATOR_CACHE}/kokkos-3.4.1/cuda/bin/nvcc_wrapper")
  endif()
  if(NOT EXISTS "${CMAKE_CXX_COMPILER}")
    message(FATAL_ERROR "No CUDA Kokkos at ${CMAKE_CXX_COMPILER}: run `bash cmake/kokkos.sh cuda` first.")
  endif()
endif()

# Kokkos_ROOT given by the user wins; without either, find_package falls back to Debian's (one thread a rank).
if(NOT Kokkos_ROOT AND NOT DEFINED ENV{Kokkos_ROOT}
   AND EXISTS "${ALEATOR_CACHE}/kokkos-3.4.1/${aleator_kokkos_variant}/lib/cmake/Kokkos/KokkosConfig.cmake")
  set(Kokkos_ROOT "${ALEATOR_CACHE}/kokkos-3.4.1/${aleator_kokkos_variant}")
endif()

# ccache: a second build in another folder of the same checkout costs next to nothing.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT ALEATOR_CUDA)
  find_program(ALEATOR_CCACHE ccache)
  if(ALEATOR_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_CURRENT_SOURCE_DIR}"
        CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros "${ALEATOR_CCACHE}")
  endif()
endif()
