# Tests that are scripts (exit code 77: skipped), and the benchmarks.
file(GLOB cli_scripts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/cli/*.sh")
foreach(script IN LISTS cli_scripts)
  cmake_path(GET script STEM name)
  if(NOT name MATCHES "^_")  # _common.sh and the like are read by others
    aleator_add_test(cli.${name} RANKS 1 THREADS 1 LABEL cli COMMAND bash "${script}")
  endif()
endforeach()

set(lint_python /usr/bin/python3)
if(NOT EXISTS "${lint_python}")
  find_program(lint_python python3 REQUIRED)
endif()
file(GLOB lint_scripts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/lint/*.py")
list(FILTER lint_scripts EXCLUDE REGEX "/_[a-z]*\\.py$")
foreach(script IN LISTS lint_scripts)
  cmake_path(GET script STEM name)
  set(processors 1)
  if(name STREQUAL "headers")
    set(processors 2)  # it compiles on every core
  endif()
  aleator_add_test(lint.${name} RANKS ${processors} THREADS 1 LABEL lint
    COMMAND ${lint_python} -B "${script}" "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
  set_tests_properties(lint.${name} PROPERTIES TIMEOUT 900)  # headers: a compilation each
endforeach()

find_package(benchmark QUIET)
file(GLOB bench_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_*.cpp")
if(ALEATOR_BENCH AND benchmark_FOUND)
  add_custom_target(bench)
  foreach(source IN LISTS bench_sources)
    cmake_path(GET source STEM name)
    add_executable(${name} EXCLUDE_FROM_ALL "${source}")
    target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")  # cases of tests serve some of them
    target_link_libraries(${name} PRIVATE ${all_modules} GTest::gtest benchmark::benchmark)
    add_dependencies(bench ${name})
  endforeach()
  add_library(plugin_spin MODULE EXCLUDE_FROM_ALL "${CMAKE_CURRENT_SOURCE_DIR}/bench/plugin_spin.cpp")
  target_link_libraries(plugin_spin PRIVATE aleator_plugin)
  set_target_properties(plugin_spin PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  add_dependencies(bench_external plugin_spin)
endif()
