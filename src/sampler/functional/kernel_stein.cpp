#include "sampler/functional/kernel_stein.hpp"

#include <cmath>

#include "sampler/mcmc/metropolis.hpp"
#include "sampler/proposal_scale.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {

deck::Schema<KernelStein::Params> KernelStein::schema() {
  deck::Schema<Params> s(
      "Half the squared kernel Stein discrepancy to the posterior",
      "Liu, Lee, Jordan 2016; Chwialkowski, Strathmann, Gretton 2016; Korba, Aubin-Frankowski, Majewski, Ablin 2021");
  s.key("length_scale", &Params::length_scale, "1", "l of the kernel, in prior standard deviations", deck::positive());
  return s;
}

std::string KernelStein::objection(const Problem& problem) const { return gradient_objection(problem); }

double KernelStein::evaluate(const Problem& problem, const Context& context, const Ensemble& e, const Batch& force,
                             RunCount& count) const {
  const std::int64_t members = e.layout.rows();
  const int rows = e.rows(), d = problem.dimension();
  const Batch all = all_rows(context, e.position, members), scores = all_rows(context, scores_of(e), members);
  const double inverse = 1.0 / (params_.length_scale * params_.length_scale);  // 1 / l^2
  const Batch turned = kernels::new_batch(rows, d), product = kernels::new_batch(rows, d);
  const Vector values("values", rows);
  kernels::for_each_row(rows, [&](int row) {
    const double *const x = &e.position(row, 0), *const s = &scores(e.layout.first() + row, 0);
    std::fill_n(&force(row, 0), d, 0.0);
    std::fill_n(&turned(row, 0), d, 0.0);
    double sum = 0.0;
    for (std::int64_t j = 0; j < members; ++j) {
      const double *const y = &all(j, 0), *const t = &scores(j, 0);
      double square = 0.0, along = 0.0, both = 0.0;
      for (int k = 0; k < d; ++k) {
        const double r = x[k] - y[k];
        square = std::fma(r, r, square), along = std::fma(s[k] - t[k], r, along), both = std::fma(s[k], t[k], both);
      }
      const double kernel = std::exp(-0.5 * square * inverse) / static_cast<double>(members),
                   stein = kernel * (both + inverse * (along + d - inverse * square));
      sum += stein;
      for (int k = 0; k < d; ++k) {
        const double r = x[k] - y[k];
        turned(row, k) += kernel * (t[k] + inverse * r);
        force(row, k) += inverse * (kernel * (s[k] - t[k] - 2.0 * inverse * r) - stein * r);
      }
    }
    values(row) = sum;
  });
  parallel::agree(context.comm, [&] {
    if (rows > 0) multiply_whole_hessian(problem, e.position, turned, product);
  });
  const RunCount price = price_of_whole_product(problem);
  count.runs += price.runs * members, count.gradients += price.gradients * members;
  kernels::for_each_row(rows, [=](int row) {  // the Hessian of log pi is -(I + that of -log-likelihood)
    for (int k = 0; k < d; ++k) force(row, k) -= turned(row, k) + product(row, k);
  });
  return 0.5 * ordered_mean(context, e.layout, values);
}

}  // namespace aleator::sampler
