#pragma once
/// What      Which deck a job's checkpoint belongs to.
/// Method    The resolved deck's fingerprint is a field of the file.
/// Parallel  as the Archive.
/// Cost      -
/// Fails     UserError when the file was written by another deck.
#include "campaign/run/job.hpp"
#include "io/archive.hpp"

namespace aleator::campaign {

/// Written, or read and compared; `folder` holds the checkpoint.
void check_owner(io::Archive& archive, const JobContext& job, const std::string& folder);
[[noreturn]] void refuse_foreign_checkpoint(const std::string& folder);

}  // namespace aleator::campaign
