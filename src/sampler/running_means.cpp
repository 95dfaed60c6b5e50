#include "sampler/running_means.hpp"

#include <cmath>

namespace aleator::sampler {

void RunningMeans::add(const model::Problem& problem, const kernels::Batch& position) {
  const int rows = static_cast<int>(position.extent(0)), d = problem.parameter_dimension();
  if (sum.extent(0) != position.extent(0) || static_cast<int>(sum.extent(1)) != d) sum = kernels::Batch("sum", rows, d);
  const kernels::Batch u(Kokkos::view_alloc("u", Kokkos::WithoutInitializing), rows, d), total = sum;
  problem.parameters(position, u);
  kernels::for_each_row(rows, [=](int row) {
    for (int k = 0; k < d; ++k) total(row, k) += u(row, k);
  });
  count += 1.0;
}

void RunningMeans::fields(io::Archive& archive, const parallel::RowLayout& layout) {
  const io::ArchiveGroup group(archive, "running_means");
  archive.field("count", count);
  if (count == 0.0) sum = kernels::Batch("sum", layout.local_rows(), 0);  // nothing yet: no columns
  archive.rows("sum", layout, sum);
}

MeanEstimate estimate_means(const model::Context& context, const parallel::RowLayout& layout,
                            const RunningMeans& means) {
  const kernels::Batch sum = means.sum;
  const int d = static_cast<int>(sum.extent(1));
  const double count = means.count, members = static_cast<double>(layout.rows());
  MeanEstimate estimate;
  estimate.mean = parallel::ordered_sum(context.comm, layout, d, [=](int row, double* total) {
    for (int k = 0; k < d; ++k) total[k] += sum(row, k) / count;
  });
  for (double& value : estimate.mean) value /= members;
  const double* const mean = estimate.mean.data();
  estimate.standard_error = parallel::ordered_sum(context.comm, layout, d, [=](int row, double* total) {
    for (int k = 0; k < d; ++k) {
      const double deviation = sum(row, k) / count - mean[k];
      total[k] += deviation * deviation;
    }
  });
  for (double& value : estimate.standard_error) value = std::sqrt(value / (members * (members - 1.0)));
  return estimate;
}

}  // namespace aleator::sampler
