# Program, libraries, headers and a CMake package: a plugin writes find_package(aleator) and links aleator::campaign.
include(CMakePackageConfigHelpers)
set(aleator_package "${CMAKE_INSTALL_LIBDIR}/cmake/aleator")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/aleator"
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT aleatorTargets NAMESPACE aleator:: DESTINATION "${aleator_package}")
configure_package_config_file(cmake/aleatorConfig.cmake.in "${PROJECT_BINARY_DIR}/generated/aleatorConfig.cmake"
                              INSTALL_DESTINATION "${aleator_package}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/generated/aleatorConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/generated/aleatorConfig.cmake"
              "${PROJECT_BINARY_DIR}/generated/aleatorConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/modules/dependencies.cmake"
        DESTINATION "${aleator_package}")
