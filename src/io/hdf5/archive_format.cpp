#include "io/hdf5/archive_format.hpp"

#include "core/error.hpp"

namespace aleator::io::hdf5 {
namespace {

void check_name(const std::string& name) {
  ALEATOR_ASSERT(!name.empty() && name != "." && name.find('/') == std::string::npos);
}

}  // namespace

void GroupPath::enter(const std::string& group) {
  check_name(group);
  names_.push_back(group);
}

void GroupPath::leave() {
  ALEATOR_ASSERT(!names_.empty());
  names_.pop_back();
}

std::string GroupPath::of(const std::string& name) const {
  check_name(name);
  std::string path;
  for (const std::string& group : names_) path += group + "/";
  return path + name;
}

}  // namespace aleator::io::hdf5
