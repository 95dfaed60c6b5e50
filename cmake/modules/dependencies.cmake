# Every third-party library, found once. Installed beside aleatorConfig.cmake, so plugins find the same set.
# ALEATOR_KERNELS_ONLY leaves out all but Kokkos and fmt: enough for src/core and src/kernels on a bare GPU machine.
find_package(fmt REQUIRED)
find_package(Kokkos QUIET)
if(NOT Kokkos_FOUND)
  message(FATAL_ERROR "No Kokkos found: run `bash cmake/kokkos.sh`, or give -DKokkos_ROOT=<prefix>.")
endif()
if(Kokkos_INCLUDE_DIRS MATCHES "trilinos")
  # Debian's target names an include folder that does not exist.
  set_target_properties(Kokkos::kokkos PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Kokkos_INCLUDE_DIRS}" INTERFACE_LINK_LIBRARIES "${Kokkos_LIBRARIES}")
else()
  # PETSc loads Trilinos' shared Kokkos; hiding the symbols of our static one keeps the two apart.
  set_property(TARGET Kokkos::kokkos APPEND PROPERTY
    INTERFACE_LINK_OPTIONS "LINKER:--exclude-libs,libkokkoscore.a:libkokkoscontainers.a")
endif()

if(NOT ALEATOR_KERNELS_ONLY)
  find_package(MPI REQUIRED COMPONENTS C)
  set_property(TARGET MPI::MPI_C APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(PETSC REQUIRED IMPORTED_TARGET PETSc)
  pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
  pkg_check_modules(LAPACKE REQUIRED IMPORTED_TARGET lapacke)
  pkg_check_modules(FFTW REQUIRED IMPORTED_TARGET fftw3)
  pkg_check_modules(UDUNITS REQUIRED IMPORTED_TARGET udunits)
  pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
  pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 REQUIRED COMPONENTS C HL)
  if(NOT HDF5_IS_PARALLEL)
    message(FATAL_ERROR "Aleator needs a parallel HDF5 (Debian: libhdf5-openmpi-dev).")
  endif()
  find_package(Boost 1.74 REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(CLI11 REQUIRED)
  find_package(Threads REQUIRED)
endif()
