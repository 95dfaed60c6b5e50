#pragma once
/// What      How far particles are from a sample of the posterior, told without knowing it: two of Stein's identities.
/// Method    Of z from pi with the score s = grad log pi, E s = 0 and E s_k (z_k - m_k) = -1 in every coordinate (Stein 1972;
///           integration by parts). Particles that lie beside pi have a mean score; of a normal pi |mean s_k| / rms(s_k) is
///           d / sqrt(d^2 + v) for particles a distance d off with variance v, both in pi's standard deviations, and
///           -mean(s_k (z_k - m_k)) is v.
/// Parallel  local; warn_of_identities: collective.
/// Cost      4 J d flops; an all-gather of positions and scores.
/// Fails     never; particles whose score is not finite are passed over.
#include <string>

#include "sampler/sampler.hpp"

namespace aleator::sampler {

struct SteinIdentities {
  double mean_score = 0.0;  ///< largest |mean s_k| / rms(s_k)
  int at_mean_score = 0;    ///< its k
  double variance = 1.0;    ///< the -mean(s_k (z_k - m_k)) whose logarithm is farthest from 0
  int at_variance = 0;
};

/// z, score: J x d.
SteinIdentities stein_identities(const Batch& z, const Batch& score);

/// Says so where the final particles of `method` break an identity by more than chance allows.
void warn_of_identities(const Context& context, const Ensemble& ensemble, const std::string& method);

}  // namespace aleator::sampler
