#include "core/error.hpp"

namespace aleator::core {

void assertion_failed(const char* expression, const char* file, int line) {
  throw InternalError(std::string("assertion failed: ") + expression + " at " + file + ":" + std::to_string(line) +
                      "; this is a bug in Aleator, please report it with the deck");
}

}  // namespace aleator::core
