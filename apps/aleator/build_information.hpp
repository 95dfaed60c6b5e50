#pragma once
// What `aleator --version` prints: version, git hash, and what it was built with. Starts neither MPI nor PETSc.
#include <string>

std::string build_information();
