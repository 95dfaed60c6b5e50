#pragma once
/// What      Sobol' indices of a model's outputs in job/forward: the factors of a prior, the rows to run, the indices of them.
/// Method    Factors are the smallest groups of parameters that are independent of each other (found from the zeros of dT/dz): a
///           parameter, or a part of a product as a whole where its parameters hang together. A part or a parameter that has
///           a name in the prior is called by it, an entry of an array as the model calls that input. Rows point by point: A,
///           A with factor 1 from B, …, B, and for pairs B with factor 1 from A, …; A and B are the two halves of one
///           design of twice the latent dimension.
/// Parallel  collective where a Comm is taken; numbers do not depend on the ranks.
/// Cost      n (factors + 2) model runs, with pairs n (2 factors + 2); indices: see prob/sobol_indices.hpp,
///           outputs shared out to the ranks.
/// Fails     KeyError for a prior of a single factor.

#include <string>
#include <vector>

#include "campaign/report/rows_page.hpp"
#include "campaign/rows/rows.hpp"
#include "io/json.hpp"
#include "prob/sobol_indices.hpp"

namespace aleator::campaign {

/// Parameters that vary together, and the latent coordinates behind them.
struct Factor {
  std::string name;
  std::vector<int> latent;
  int entry =
      -1;  ///< the parameter, where it is one entry of an array of them and so has no name of its own in the prior
};
/// `name` is that of the prior's block, `inputs` are the model's names of the parameters (empty: not known).
std::vector<Factor> factors_of(const prob::Prior& prior, const std::string& name,
                               const std::vector<std::string>& inputs);

/// This rank's rows of parameters; `design` has twice the prior's latent coordinates.
kernels::Batch sensitivity_rows(const prob::Prior& prior, const std::vector<Factor>& factors,
                                const prob::Design& design, const parallel::RowLayout& layout, bool with_pairs);

struct OutputIndices {
  std::string output;
  std::int64_t points = 0;  ///< of which all runs succeeded
  prob::SobolIndices indices;
};
/// Of each column of `values`, on every rank; points with a run that failed are left out.
std::vector<OutputIndices> sensitivity_of(const parallel::Comm& comm, const parallel::RowLayout& layout,
                                          kernels::ConstBatch values, const std::vector<std::string>& outputs,
                                          int factors, bool with_pairs, const kernels::Rng& rng, int replicates);

/// {"y": {"points": n, "factors": {"x[0]": {"first": {value, low, high}, "total": {…}}, …}, "pairs": [{"factors": ["x[0]",
/// "x[1]"], value, low, high}, …]}, …}; pairs where they were asked for
io::Json sensitivity_json(const std::vector<OutputIndices>& outputs, const std::vector<Factor>& factors);
/// The same read back, for the report.
std::vector<report::VarianceShare> shares_in(const io::Json& outputs);
std::vector<report::PairShare> pairs_in(const io::Json& outputs);
/// output, factor, first, first_low, first_high, total, total_low, total_high
std::string sensitivity_csv(const std::vector<OutputIndices>& outputs, const std::vector<Factor>& factors);
/// output, factor, other, second, second_low, second_high
std::string pairs_csv(const std::vector<OutputIndices>& outputs, const std::vector<Factor>& factors);

}  // namespace aleator::campaign
