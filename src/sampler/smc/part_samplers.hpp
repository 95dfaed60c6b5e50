#pragma once
/// What      Samples of all sub-posteriors, each by an SMC of its own: the first half of sampler/fusion.
/// Method    smc.hpp for every part, with random numbers that belong to the part.
/// Parallel  a part is sampled whole by one rank, which exchanges nothing with others but how far it is; more ranks than parts
///           wait. When all are done the particles are dealt over all ranks. Same bits on any number of ranks.
/// Cost      that of the parts' SMC; memory: the particles of a rank's parts twice.
/// Fails     as smc.hpp, on all ranks.
#include "sampler/smc/smc.hpp"
#include "sampler/smc/sub_posteriors.hpp"

namespace aleator::sampler {

struct PartSamplers {
  std::int64_t count = 0;  ///< C while parts are sampled; before and after it 0
  Batch states;            ///< C rows: the state of a part's SMC, its numbers one after the other

  /// What a level of all parts came to, over all ranks.
  struct Level {
    double progress = 1.0;  ///< of the slowest part
    std::int64_t runs = 0, gradients = 0;
  };
  /// Begins, or goes on by a level, every part that is not done. `particles` is how each part's are dealt in the end.
  Level advance(const Smc& smc, const SubPosteriors& sub_posteriors, const Context& context,
                const parallel::RowLayout& particles);
  /// The samples and the evidence of all parts.
  struct Samples {
    std::vector<Batch> populations;  ///< of each part this rank's rows
    double log_evidence = 0.0, variance = 0.0;
  };
  Samples take(const Smc& smc, const Context& context, const parallel::RowLayout& particles, int dimension);
  void fields(io::Archive& archive, const parallel::RowLayout& particles);
};

}  // namespace aleator::sampler
