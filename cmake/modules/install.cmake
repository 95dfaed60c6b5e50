# Program, libraries, headers and a CMake package. A plugin writes find_package(aleator) and links aleator::plugin, which needs
# nothing else on the machine; a program of one's own writes find_package(aleator COMPONENTS library) and links aleator::campaign.
add_library(aleator_plugin INTERFACE)
add_library(aleator::plugin ALIAS aleator_plugin)
set_target_properties(aleator_plugin PROPERTIES EXPORT_NAME plugin)
target_compile_features(aleator_plugin INTERFACE cxx_std_17)
target_compile_definitions(aleator_plugin INTERFACE "ALEATOR_PLUGIN_BUILT_FOR=\"${PROJECT_VERSION}\"")
target_include_directories(aleator_plugin INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src/external/api> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
include(CMakePackageConfigHelpers)
set(aleator_package "${CMAKE_INSTALL_LIBDIR}/cmake/aleator")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/aleator"
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/src/external/api/aleator/plugin.h"
              "${PROJECT_SOURCE_DIR}/src/external/api/aleator/plugin.hpp"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/aleator" COMPONENT plugin)
install(TARGETS aleator_plugin EXPORT aleatorPluginTargets COMPONENT plugin)
install(EXPORT aleatorPluginTargets NAMESPACE aleator:: DESTINATION "${aleator_package}" COMPONENT plugin)
install(EXPORT aleatorTargets NAMESPACE aleator:: DESTINATION "${aleator_package}")
configure_package_config_file(cmake/aleatorConfig.cmake.in "${PROJECT_BINARY_DIR}/generated/aleatorConfig.cmake"
                              INSTALL_DESTINATION "${aleator_package}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/generated/aleatorConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/generated/aleatorConfig.cmake"
              "${PROJECT_BINARY_DIR}/generated/aleatorConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/modules/dependencies.cmake"
        DESTINATION "${aleator_package}" COMPONENT plugin)
