# PETSc is loaded when a model asks for it. Bound at the start of the program, its library and the hundred that Debian's is
# linked with take 50 ms, for which `aleator check` and a run of formulas have no use.
#
# ALEATOR_PETSC_LIBRARY: what src/math/petsc/load.cpp loads; empty where programs are linked with PETSc as usual.
# aleator_defer_petsc(<program>): the linker checks every call against PETSc as always; then the library leaves the list of
# those that are loaded at once, and calls are bound when they are first made.
set(ALEATOR_PETSC_LIBRARY "")
find_program(ALEATOR_PATCHELF patchelf)
if(ALEATOR_PATCHELF AND PETSC_LINK_LIBRARIES MATCHES "\\.so$" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT ALEATOR_SANITIZE)
  execute_process(COMMAND "${ALEATOR_PATCHELF}" --print-soname "${PETSC_LINK_LIBRARIES}"
                  OUTPUT_VARIABLE ALEATOR_PETSC_LIBRARY OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()

function(aleator_defer_petsc program)
  if(ALEATOR_PETSC_LIBRARY)
    target_link_options(${program} PRIVATE LINKER:-z,lazy)
    add_custom_command(TARGET ${program} POST_BUILD VERBATIM
      COMMAND "${ALEATOR_PATCHELF}" --remove-needed "${ALEATOR_PETSC_LIBRARY}" $<TARGET_FILE:${program}>)
  endif()
endfunction()
