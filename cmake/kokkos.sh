#!/usr/bin/env bash
# Builds Kokkos 3.4.1 (static, OpenMP) once, from Debian's source package of Trilinos, into the cache. `kokkos.sh cuda`
# builds the one for NVIDIA GPUs. Debian's own binary has the same version but no threads; it is the fallback.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

variant="${1:-omp}"
[[ "$variant" == omp || "$variant" == cuda ]] || die "usage: kokkos.sh [omp|cuda]"
prefix="$ALEATOR_CACHE/kokkos-3.4.1"
is_built() { [[ -f "$prefix/$variant/lib/cmake/Kokkos/KokkosConfig.cmake" && -f "$prefix/$variant/lib/libkokkoscore.a" ]]; }
if is_built; then
  exit 0
fi

fallback="$prefix/debian-instead"   # written when the source could not be had; delete it to try again
if [[ "$variant" == omp && -f "$fallback" ]] && dpkg -s libtrilinos-kokkos-dev 2> /dev/null | grep -q '^Status: .* installed$'; then
  exit 0
fi

mkdir -p "$prefix"
exec 9> "$prefix/.lock"
flock 9   # two builds at once: the second one waits and finds the work done
if is_built; then
  exit 0
fi
work="$(mktemp -d "${TMPDIR:-/tmp}/aleator-kokkos.XXXXXX")"
trap 'rm -rf "$work"' EXIT

# Debian's deb-src lists, in a folder of our own: the system's package lists stay as they are.
write_source_lists() {
  local list=/etc/apt/sources.list.d/debian.sources
  mkdir -p "$work"/{parts,lists/partial,cache/archives/partial,dl}
  if [[ -f "$list" ]]; then
    sed 's/^Types:.*/Types: deb-src/' "$list" > "$work/parts/src.sources"
  else
    grep -hE '^deb ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null \
      | sed 's/^deb /deb-src /' > "$work/parts/src.list"
  fi
}

fetch_source() {
  write_source_lists
  cd "$work"
  local apt=(-oDir::Etc::sourcelist=/dev/null "-oDir::Etc::sourceparts=$work/parts" "-oDir::State::lists=$work/lists"
    "-oDir::Cache=$work/cache" -oAPT::Sandbox::User=root -oAcquire::Retries=3)
  # Joined by &&: where this function is asked by `if`, a failing line would not end it. apt checks the signatures.
  apt-get "${apt[@]}" -qq update &&
  (cd dl && apt-get "${apt[@]}" -qq source --download-only trilinos=13.2.0-4) &&
  tar xf dl/trilinos_13.2.0.orig.tar.gz --strip-components=2 --wildcards '*/packages/kokkos'
}

# CUDA 13 and sm_90, which this Kokkos does not know yet. Host builds are untouched by these lines.
edit_for_cuda() {
  cd "$work/kokkos"
  sed -i -e 's/^default_arch="sm_35"/default_arch="sm_90"/' -e 's/--std=c++17|-std=c++17)/--std=c++20|-std=c++20|&/' \
    bin/nvcc_wrapper
  sed -i 's/^#cmakedefine KOKKOS_ARCH_AMPERE86/&\n#cmakedefine KOKKOS_ARCH_HOPPER90/' cmake/KokkosCore_config.h.in
  sed -i -e 's/^KOKKOS_ARCH_OPTION(AMPERE86 .*/&\nKOKKOS_ARCH_OPTION(HOPPER90 GPU "NVIDIA Hopper CC 9.0")/' \
         -e 's/^CHECK_CUDA_ARCH(AMPERE86 .*/&\nCHECK_CUDA_ARCH(HOPPER90 sm_90)/' cmake/kokkos_arch.cmake
  sed -i -E '890,940{s/__half2double\(val\)/double(__half2float(static_cast<__half>(val)))/;s/return (__half2[a-z_]+)\(val\);/return \1(static_cast<__half>(val));/}' \
    core/src/Cuda/Kokkos_Cuda_Half.hpp
  perl -0pi -e 's/cudaMemPrefetchAsync\(ptr, bytes, space\.cuda_device\(\),\s*space\.cuda_stream\(\)\)/cudaMemPrefetchAsync(ptr, bytes, cudaMemLocation{cudaMemLocationTypeDevice, space.cuda_device()}, 0, space.cuda_stream())/' \
    core/src/Cuda/Kokkos_CudaSpace.cpp
}

build() {
  local options=(-G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF
    -DCMAKE_CXX_STANDARD=17 -DKokkos_CXX_STANDARD=17 -DKokkos_ENABLE_SERIAL=ON -DKokkos_ENABLE_OPENMP=ON)
  if [[ "$variant" == cuda ]]; then
    edit_for_cuda
    options+=("-DCMAKE_CXX_COMPILER=$work/kokkos/bin/nvcc_wrapper" -DKokkos_ENABLE_CUDA=ON
      -DKokkos_ENABLE_CUDA_LAMBDA=ON -DKokkos_ARCH_HOPPER90=ON)
  fi
  cmake "${options[@]}" -S "$work/kokkos" -B "$work/build" "-DCMAKE_INSTALL_PREFIX=$prefix/$variant" &&
  cmake --build "$work/build" --parallel "$(cores)" --target install
}

if [[ "$variant" == cuda ]]; then
  command -v nvcc > /dev/null || die "nvcc is not on the PATH: the CUDA Kokkos cannot be built here."
  phase "fetch Kokkos source" fetch_source
  phase "build Kokkos (cuda)" build
elif fetch_source > "$work/fetch.log" 2>&1; then
  phase "build Kokkos (omp)" build
else
  tail -n 3 "$work/fetch.log"
  say "Kokkos' source package cannot be had: taking Debian's Kokkos instead (one thread a rank, use more ranks)."
  as_root=()
  [[ $(id -u) == 0 ]] || as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
  phase "install Debian's Kokkos" "${as_root[@]}" apt-get -qq install -y --no-install-recommends libtrilinos-kokkos-dev
  touch "$fallback"
fi
