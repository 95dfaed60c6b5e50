#pragma once
/// What      What Stein methods share: every rank sees all particles, and at least one of them must have a likelihood.
/// Method    -
/// Parallel  collective.
/// Cost      one all-gather.
/// Fails     require_a_likelihood: NumericsError.
#include <string>

#include "sampler/sampler.hpp"

namespace aleator::sampler {

/// All particles' rows, on every rank.
Batch all_rows(const Context& context, const Batch& mine, std::int64_t particles);
/// grad log pi = gradient - z of the local particles.
Batch scores_of(const Ensemble& ensemble);
/// l of a kernel: l^2 = median of |z_i - z_j|^2 / (2 log(rows + 1)), over the first 512 rows (Liu, Wang 2016).
double median_length_scale(const Batch& z);
/// NumericsError when every particle has likelihood zero after so many steps; `method` names it in the message.
void require_a_likelihood(const Context& context, const Ensemble& ensemble, std::int64_t steps,
                          const std::string& method);

}  // namespace aleator::sampler
