#pragma once
/// What      The checks of a sample of particles: copies, families, what is remembered of a level's start, the evidence.
/// Method    see theory/smc.md and theory/nested.md.
/// Parallel  none.
/// Cost      a pass over the draws kept for the report.
/// Fails     never.
#include "campaign/report/verdict.hpp"

namespace aleator::campaign::report {

/// What a sampler reported on its way, or null.
const Series* history_of(const MethodRun& run, const char* name);

void particle_checks(const MethodRun& run, std::vector<Check>& checks);

}  // namespace aleator::campaign::report
