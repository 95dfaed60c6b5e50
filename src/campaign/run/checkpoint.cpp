#include "campaign/run/checkpoint.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace aleator::campaign {

void refuse_foreign_checkpoint(const std::string& folder) {
  throw core::UserError(
      fmt::format("{}/checkpoint.h5: this checkpoint belongs to another deck (or resolved.toml was edited since); put "
                  "back the deck it was written by, or start a new run with another --out",
                  folder));
}

void check_owner(io::Archive& archive, const JobContext& job, const std::string& folder) {
  std::string fingerprint = job.fingerprint;
  archive.field("deck", fingerprint);
  if (fingerprint != job.fingerprint) refuse_foreign_checkpoint(folder);
}

}  // namespace aleator::campaign
