#include "sampler/functional/points.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "io/data_table.hpp"
#include "model/latent_inverse.hpp"

namespace aleator::sampler {

Batch latent_points(const Problem& problem, const deck::File& file) {
  const io::Table points = io::read_rows(file.text, file.path, problem.parameter_dimension(),
                                         prob::parameter_names(problem.variables()), "problem");
  const Batch u = kernels::new_batch(points.rows, static_cast<int>(points.columns)),
              z = kernels::new_batch(points.rows, problem.dimension());
  std::copy(points.values.begin(), points.values.end(), u.data());
  dynamic_cast<const model::LatentInverse&>(problem).latent(u, z);
  return z;
}

std::string points_objection(const Problem& problem, const deck::File& points) {
  if (dynamic_cast<const model::LatentInverse*>(&problem) == nullptr)
    return "needs the way back from parameters to the prior's coordinates, which this problem does not know";
  Batch z;
  try {
    z = latent_points(problem, points);
  } catch (const core::UserError& error) {
    return fmt::format("cannot take its points: {}", error.what());
  }
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (std::size_t k = 0; k < z.extent(1); ++k)
      if (!std::isfinite(z(row, k)))
        return fmt::format("is given a point outside the prior's support, row {}", row + 1);
  return {};
}

}  // namespace aleator::sampler
