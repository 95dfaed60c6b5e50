#include "campaign/sweep/run_claims.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "io/files.hpp"

namespace aleator::campaign {

RunClaims::RunClaims(const parallel::Comm& world, const std::string& campaign_folder)
    : folder_(campaign_folder + "/runs/.claims") {
  parallel::agree(world, [&] {
    if (!world.is_root()) return;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
    io::make_directory(folder_);
  });
}

bool RunClaims::claim(const std::string& run) const {
  const std::string path = folder_ + "/" + run;
  const int file = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (file >= 0) {
    close(file);
    return true;
  }
  if (errno == EEXIST) return false;
  throw core::UserError(fmt::format("{}: cannot be written ({})", path, std::strerror(errno)));
}

void RunClaims::finish(const parallel::Comm& world) const {
  world.barrier();
  std::error_code ignored;
  if (world.is_root()) std::filesystem::remove_all(folder_, ignored);
}

}  // namespace aleator::campaign
