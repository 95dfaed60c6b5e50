#include "campaign/serve.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "campaign/register_all.hpp"
#include "campaign/run/deck_run.hpp"
#include "campaign/run/shared_reader.hpp"
#include "core/log.hpp"
#include "deck/builder.hpp"
#include "external/umbridge/service.hpp"
#include "inverse/problem/posterior.hpp"
#include "model/curvature.hpp"
#include "model/problem.hpp"
#include "parallel/process_grid.hpp"
#include "parallel/session.hpp"

namespace aleator::campaign {
namespace {

using Problem = std::shared_ptr<const model::Problem>;

model::Shape density_shape(int inputs, const std::string& letter) {
  model::Shape shape;
  shape.inputs = inputs, shape.outputs = 1;
  for (int k = 0; k < inputs; ++k) shape.input_names.push_back(fmt::format("{}[{}]", letter, k));
  shape.output_names = {"log_density"};
  return shape;
}

// du = dy times the gradient of the one output, and rows that have none.
model::RowStatus pulled_back(model::RowStatus status, const model::Cotangent& cotangent, model::ConstBatch y,
                             model::Batch du) {
  const model::Batch dy("dy", du.extent(0), 1);
  cotangent(0, y, dy);
  for (std::size_t row = 0; row < du.extent(0); ++row)
    for (std::size_t k = 0; k < du.extent(1); ++k) du(row, k) *= dy(row, 0);
  std::vector<char> has_failed(y.extent(0), 0);
  for (const model::FailedRow& failed : status.failed) has_failed[static_cast<std::size_t>(failed.row)] = 1;
  for (std::size_t row = 0; row < y.extent(0); ++row)
    if (has_failed[row] == 0 && y(row, 0) == -std::numeric_limits<double>::infinity())
      status.failed.push_back({static_cast<int>(row), "the density is zero: its logarithm has no gradient"});
  return status;
}

// log p(data | u) + log p(u)
class ParameterDensity : public model::ForwardModel, private model::Adjoint {
 public:
  explicit ParameterDensity(Problem problem)
      : problem_(std::move(problem)), shape_(density_shape(problem_->parameter_dimension(), "u")) {}
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return run(u, y, {}); }
  const model::Adjoint* adjoint() const override {
    const auto* const posterior = dynamic_cast<const inverse::Posterior*>(problem_.get());
    return posterior != nullptr && posterior->has_parameter_gradient() ? this : nullptr;
  }

 private:
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override {
    return pulled_back(run(u, y, du), cotangent, y, du);
  }
  model::RowStatus run(model::ConstBatch u, model::Batch y, model::Batch gradient) const {
    const std::size_t rows = u.extent(0);
    model::Evaluation at{model::Vector("log_likelihood", rows), gradient, {}};
    if (problem_->outputs() > 0) at.outputs = model::Batch("outputs", rows, problem_->outputs());
    const model::Vector log_prior("log_prior", rows);
    const model::RowStatus status = problem_->evaluate_parameters(u, at, log_prior);
    for (std::size_t row = 0; row < rows; ++row) y(row, 0) = at.log_likelihood(row) + log_prior(row);
    model::RowStatus inside;  // outside the prior's support the density is zero, whatever the model says there
    for (const model::FailedRow& failed : status.failed) {
      const bool is_outside = log_prior(failed.row) == -std::numeric_limits<double>::infinity();
      if (is_outside)
        y(failed.row, 0) = log_prior(failed.row);
      else
        inside.failed.push_back(failed);
    }
    return inside;
  }
  Problem problem_;
  model::Shape shape_;
};

// log p(data | G(T(z))) + log N(z; 0, I), what the samplers see. Steps of differences are those of coordinates of size 1.
class LatentDensity : public model::ForwardModel, private model::Adjoint, private model::Curvature {
 public:
  explicit LatentDensity(Problem problem)
      : problem_(std::move(problem)), shape_(density_shape(problem_->dimension(), "z")) {}
  const model::Shape& shape() const override { return shape_; }
  const model::Adjoint* adjoint() const override { return problem_->has_gradient() ? this : nullptr; }
  const model::Curvature* curvature() const override { return problem_->has_gradient() ? this : nullptr; }
  model::RowStatus evaluate(model::ConstBatch z, model::Batch y) const override { return run(z, y, {}); }

 private:
  model::RowStatus run(model::ConstBatch z, model::Batch y, model::Batch gradient) const {
    model::Evaluation at{model::Vector("log_likelihood", z.extent(0)), gradient, {}};
    problem_->evaluate(z, at);  // a row that fails has density zero there
    for (std::size_t row = 0; row < z.extent(0); ++row) {
      y(row, 0) = at.log_likelihood(row) + model::latent_log_prior(&z(row, 0), shape_.inputs);
      for (std::size_t k = 0; k < gradient.extent(1); ++k) gradient(row, k) -= z(row, k);
    }
    return {};
  }
  model::RowStatus evaluate_and_pullback(model::ConstBatch z, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch dz) const override {
    return pulled_back(run(z, y, dz), cotangent, y, dz);
  }
  model::RowStatus apply_hessian(model::ConstBatch z, model::ConstBatch dy, model::ConstBatch v,
                                 model::Batch h) const override {
    std::vector<double> e(z.extent(0), 0.0);
    for (std::size_t row = 0; row < e.size(); ++row) {
      double largest = 0.0;
      for (std::size_t k = 0; k < v.extent(1); ++k) largest = std::max(largest, std::abs(v(row, k)));
      if (largest > 0.0) e[row] = std::cbrt(std::numeric_limits<double>::epsilon()) / largest;
    }
    return model::hessian_by_differences(*this, z, dy, v, e, h);
  }
  Problem problem_;
  model::Shape shape_;
};

std::vector<external::ServedModel> served_models(const deck::Deck& deck, deck::Builder& builder,
                                                 const std::string& only) {
  std::vector<external::ServedModel> models;
  std::string known;
  const auto is_wanted = [&](const std::string& name) {
    known += (known.empty() ? "" : ", ") + name;
    return only.empty() || only == name;
  };
  for (const deck::ParsedBlock* const parsed : deck.of_kind("model"))
    if (const std::string& name = parsed->block.name; is_wanted(name))
      models.push_back({name, builder.get<model::ForwardModel>("model", name)});
  for (const deck::ParsedBlock* const parsed : deck.of_kind("problem")) {
    const std::string& name = parsed->block.name;
    bool is_taken = false;  // by a model of the same name
    for (const deck::ParsedBlock* const other : deck.of_kind("model")) is_taken = is_taken || other->block.name == name;
    const std::string shown = (is_taken ? "problem." : "") + name;
    if (!is_wanted(shown)) continue;
    const Problem problem = builder.get<model::Problem>("problem", name);
    models.push_back({shown, std::make_shared<ParameterDensity>(problem)});
    models.push_back({shown + ".latent", std::make_shared<LatentDensity>(problem)});
  }
  if (!models.empty()) return models;
  if (known.empty()) throw core::UserError(deck.path() + ": the deck has no [model.…] block to serve");
  throw core::UserError(
      fmt::format("{}: there is no model or problem '{}' to serve; there are: {}", deck.path(), only, known));
}

}  // namespace

void serve(const parallel::Comm& comm, const ServeRequest& request) {
  if (comm.size() > 1)
    throw core::UserError("aleator serve runs on one rank; start several servers, each with its own --port, for more");
  const deck::Registry registry = register_all();
  const deck::Deck deck(request.deck, registry, request.overrides, shared_reader(comm));
  say_notes(deck);
  deck::Builder builder(deck);
  const auto grid = std::make_shared<parallel::ProcessGrid>(1);
  builder.provide(grid);
  const auto models = served_models(deck, builder, request.model);
  grid->split(comm, 1);
  external::ModelService service(models, request.host, request.port);
  parallel::catch_stop_signals();
  core::info("serving {} on http://{}:{} until Ctrl-C", request.deck, request.host, service.port());
  service.run([] { return !parallel::stop_signal().empty(); });
  core::info("stopped ({})", parallel::stop_signal());
}

}  // namespace aleator::campaign
