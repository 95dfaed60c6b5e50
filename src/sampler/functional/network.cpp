#include "sampler/functional/network.hpp"

#include <fmt/format.h>

#include <cmath>

namespace aleator::sampler {

deck::Schema<Network::Params> Network::schema() {
  deck::Schema<Params> s("Misfit of a two-layer network of infinitely many neurons to data",
                         "Mei, Montanari, Nguyen 2018; Hu, Ren, Siska, Szpruch 2021");
  s.key("data", &Params::data, "", "a table with one row for each datum: its inputs, then its value").required();
  s.key("sd", &Params::sd, "", "standard deviation of the values' noise", deck::positive())
      .key("amplitude", &Params::amplitude, "", "c, by which the mean of the neurons' outputs is multiplied",
           deck::positive());
  return s;
}

Network::Network(const Params& params) : params_(params), data_(io::parse_table(params.data.text, params.data.path)) {
  if (data_.columns < 2)
    throw deck::KeyError("data", "has a single column", "each row must hold the inputs and then the value");
}

std::string Network::objection(const Problem& problem) const {
  const int d = inputs() + 2;
  if (problem.dimension() != d || problem.parameter_dimension() != d)
    return fmt::format(
        "has neurons of {} numbers (a weight for each of {} inputs, a shift, an output weight), but the problem has {} "
        "parameters",
        d, inputs(), problem.parameter_dimension());
  const Batch z("z", 2, d), u("u", 2, d);
  for (int k = 0; k < d; ++k) z(0, k) = 0.7, z(1, k) = -1.1;
  problem.parameters(z, u);
  for (int k = 0; k < d; ++k)
    if (std::abs(u(0, k) - z(0, k)) + std::abs(u(1, k) - z(1, k)) > 1e-12)
      return "takes neurons in the prior's coordinates, so that the prior must be standard normal; scale the inputs "
             "and the amplitude instead";
  return {};
}

double Network::activation(const double* neuron, std::size_t i) const {
  const int p = inputs();
  double sum = neuron[p];
  for (int k = 0; k < p; ++k) sum = std::fma(neuron[k], data_(i, static_cast<std::size_t>(k)), sum);
  return std::tanh(sum);
}

std::vector<double> Network::predictions(const Context& context, const Ensemble& e) const {
  const int p = inputs();
  std::vector<double> f =
      parallel::ordered_sum(context.comm, e.layout, static_cast<int>(data_.rows), [&](int row, double* sum) {
        const double* const neuron = &e.position(row, 0);
        for (std::size_t i = 0; i < data_.rows; ++i) sum[i] += neuron[p + 1] * activation(neuron, i);
      });
  for (double& value : f) value *= params_.amplitude / static_cast<double>(e.layout.rows());
  return f;
}

double Network::evaluate(const Problem& /*problem*/, const Context& context, const Ensemble& e, const Batch& force,
                         RunCount& /*count*/) const {
  const int p = inputs();
  std::vector<double> rest = predictions(context, e);  // c (f - y) / sd^2
  double sum = 0.0;
  for (std::size_t i = 0; i < data_.rows; ++i) {
    const double error = (rest[i] - data_(i, data_.columns - 1)) / params_.sd;
    sum += 0.5 * error * error;
    rest[i] = params_.amplitude * error / params_.sd;
  }
  kernels::for_each_row(e.rows(), [&](int row) {
    const double* const neuron = &e.position(row, 0);
    double* const out = &force(row, 0);
    std::fill_n(out, p + 2, 0.0);
    for (std::size_t i = 0; i < data_.rows; ++i) {
      const double t = activation(neuron, i), inner = rest[i] * neuron[p + 1] * (1.0 - t * t);
      for (int k = 0; k < p; ++k) out[k] += inner * data_(i, static_cast<std::size_t>(k));
      out[p] += inner;
      out[p + 1] += rest[i] * t;
    }
  });
  return sum;
}

}  // namespace aleator::sampler
