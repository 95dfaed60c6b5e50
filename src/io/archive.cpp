#include "io/archive.hpp"

#include <limits>

#include "core/error.hpp"

namespace aleator::io {
namespace {

int narrow(const std::string& name, std::int64_t value) {
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max())
    throw core::UserError("checkpoint: '" + name + "' = " + std::to_string(value) + " is out of range for this build");
  return static_cast<int>(value);
}

}  // namespace

void Archive::field(const std::string& name, int& value) {
  std::int64_t wide = value;
  field(name, wide);
  if (is_loading()) value = narrow(name, wide);
}

void Archive::field(const std::string& name, std::vector<int>& values) {
  std::vector<std::int64_t> wide(values.begin(), values.end());
  field(name, wide);
  if (!is_loading()) return;
  values.clear();
  for (const std::int64_t value : wide) values.push_back(narrow(name, value));
}

}  // namespace aleator::io
