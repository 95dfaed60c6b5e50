# core::version(), git_hash(), build_flags(): one small source, written at build time and only when it changed.
set(ALEATOR_VERSION_SOURCE "${PROJECT_BINARY_DIR}/generated/version.cpp")
string(TOUPPER "${CMAKE_BUILD_TYPE}" aleator_type)
get_directory_property(aleator_options COMPILE_OPTIONS)
list(JOIN aleator_options " " aleator_options)
list(JOIN Kokkos_DEVICES " " aleator_devices)
set(aleator_flags "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${aleator_type}} \
${aleator_options}, Kokkos ${Kokkos_VERSION} ${aleator_devices}")
string(REGEX REPLACE " +" " " aleator_flags "${aleator_flags}")
set(aleator_write_version ${CMAKE_COMMAND}
  "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}" "-DOUTPUT=${ALEATOR_VERSION_SOURCE}" "-DVERSION=${PROJECT_VERSION}"
  "-DFLAGS=${aleator_flags}" -P "${PROJECT_SOURCE_DIR}/cmake/modules/write_version.cmake")
execute_process(COMMAND ${aleator_write_version})
add_custom_target(aleator_version COMMAND ${aleator_write_version} BYPRODUCTS "${ALEATOR_VERSION_SOURCE}"
  COMMENT "Looking at the git state" VERBATIM)
