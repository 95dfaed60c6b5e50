#!/usr/bin/env bash
# Installs the Debian packages Aleator is built from. Does nothing when they are there.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=(g++ cmake ninja-build git ccache pkg-config dpkg-dev ca-certificates perl
  libpetsc-real-dev libhdf5-openmpi-dev openmpi-bin libopenmpi-dev libopenblas-dev liblapacke-dev libsuitesparse-dev libboost-dev
  libfftw3-dev librandom123-dev libtomlplusplus-dev libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  libudunits2-dev libpcre2-dev libgtest-dev libgmock-dev libbenchmark-dev
  hdf5-tools gnuplot-nox patchelf python3 python3-h5py python3-numpy clang-format)

missing_packages() {
  local installed package
  installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package} ' "${packages[@]}" 2>/dev/null || true)"
  for package in "${packages[@]}"; do
    [[ "$installed" == *" ii $package "* ]] || printf '%s\n' "$package"
  done
}

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
  die "this script knows Debian and Ubuntu only. Aleator needs: a C++17 compiler, CMake 3.25, Ninja, Open MPI,
  PETSc >= 3.18 (real, with hypre), parallel HDF5, OpenBLAS with LAPACKE, CHOLMOD, FFTW 3, UDUNITS 2, PCRE2, Boost 1.74 headers, Kokkos 3.4, Random123,
  fmt, spdlog, toml++, CLI11, nlohmann-json, GoogleTest, and gnuplot for the figures."
fi
mapfile -t missing < <(missing_packages)
if ((${#missing[@]} == 0)); then
  exit 0
fi

as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo > /dev/null || die "not root, and there is no sudo. Ask somebody for: apt-get install ${missing[*]}"
  as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
fi
apt=("${as_root[@]}" apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
install() { "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; }
# Package lists may be absent or old: then, and only then, fetch them.
update_and_install() { install || { "${apt[@]}" update && install; }; }
say "missing Debian packages: ${missing[*]}"
phase "install ${#missing[@]} packages" update_and_install
mapfile -t missing < <(missing_packages)
((${#missing[@]} == 0)) || die "apt-get did not install: ${missing[*]}"
