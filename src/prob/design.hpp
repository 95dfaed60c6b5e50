#pragma once
/// What      Rows of latent coordinates z that fill the space more evenly than independent draws of N(0, I).
/// Method    Latin hypercube (McKay, Beckman, Conover 1979): z_k = Phi^-1((pi_k(row) + U) / n) with random permutations pi_k.
///           Sobol' points (Sobol' 1967; direction numbers of Joe, Kuo 2008, from Boost) with a random digital shift in base 2
///           (every coordinate is xor'ed with one number), so that the estimate of a mean is unbiased.
/// Parallel  local; a row depends on its number, the seed and n alone.
/// Cost      Latin hypercube: O(n d log n) at set-up, 4 n d bytes. Sobol': O(d) a row.
/// Fails     UserError: more coordinates than there are direction numbers for.
#include <cstdint>
#include <vector>

#include "kernels/random.hpp"

namespace aleator::prob {

enum class DesignKind { random, latin_hypercube, sobol };

class Design {
 public:
  static constexpr int most_sobol_dimensions = 3667;
  Design(DesignKind kind, std::int64_t rows, int dimension, const kernels::Rng& rng);
  /// z of rows first, first + 1, …
  void rows(std::int64_t first, kernels::Batch z) const;

 private:
  void latin_hypercube_rows(std::int64_t first, kernels::Batch z) const;
  void sobol_rows(std::int64_t first, kernels::Batch z) const;
  DesignKind kind_;
  std::int64_t rows_;
  int dimension_;
  kernels::Rng rng_;
  std::vector<std::uint32_t> strata_;  // pi_k(row), column by column
};

}  // namespace aleator::prob
