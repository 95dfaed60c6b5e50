#include "sampler/langevin/mean_field_langevin.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/error.hpp"
#include "sampler/mcmc/metropolis.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {
namespace {

// z' = z + to_position v - pull g + xi_z, v' = memory v - kick g + xi_v
struct ExactStep {
  double memory, to_position, kick, pull;
  double noise_v, noise_z_with_v, noise_z;  // xi_v = noise_v eta_1, xi_z = noise_z_with_v eta_1 + noise_z eta_2
};

ExactStep exact_step(double gamma, double h) {
  const double a = -std::expm1(-gamma * h), variance_v = -std::expm1(-2.0 * gamma * h), covariance = a * a / gamma,
               // 2 x - 3 + 4 e^-x - e^-2x = 2 (x - a) - a^2, x = gamma h
      variance_z = (2.0 * (gamma * h - a) - a * a) / (gamma * gamma);
  return {1.0 - a,
          a / gamma,
          a / gamma,
          (h - a / gamma) / gamma,
          std::sqrt(variance_v),
          covariance / std::sqrt(variance_v),
          std::sqrt(std::max(0.0, variance_z - covariance * covariance / variance_v))};
}

// Steps that are too long for the functional's slope throw particles ever farther out.
void require_finite(const Context& context, const MeanFieldLangevin::State& s) {
  const Batch z = s.ensemble.position;
  double sum = 0.0;  // x - x is NaN for NaN and infinity
  for (std::size_t i = 0; i < z.size(); ++i) sum += z.data()[i] - z.data()[i];
  if (context.comm.max(sum == 0.0 ? 0.0 : 1.0) > 0.0)
    throw core::NumericsError(
        fmt::format("mean-field Langevin dynamics: after step {} particles are not finite: they run away; take a "
                    "shorter step, or more friction",
                    s.iteration));
}

}  // namespace

deck::Schema<MeanFieldLangevin::Params> MeanFieldLangevin::schema() {
  deck::Schema<Params> s("Mean-field Langevin dynamics: particles that minimise a functional of their law",
                         "Fu, Wilson 2023; Hu, Ren, Siska, Szpruch 2021; Chizat 2022");
  s.reference("functional", &Params::functional, "functional", "F; without one the reference itself is sampled");
  s.key("members", &Params::members, "1", "number of particles N", deck::at_least(2))
      .key("iterations", &Params::iterations, "1", "number of steps", deck::at_least(1))
      .key("step", &Params::step, "1", "h", deck::positive())
      .key("friction", &Params::friction, "1", "gamma", deck::positive())
      .only_with("dynamics = \"underdamped\"", [](const Params& p) { return p.dynamics == Dynamics::underdamped; })
      .key("strength", &Params::strength, "1", "factor of F beside the divergence to the reference", deck::positive())
      .only_with("functional", [](const Params& p) { return !p.functional.empty(); })
      .choice("reference", &Params::reference, "what the divergence is taken to",
              {{"posterior", Reference::posterior, "the problem's posterior; needs its gradient"},
               {"prior", Reference::prior, "the problem's prior: data enter by the functional alone"}})
      .choice("dynamics", &Params::dynamics, "of the particles",
              {{"underdamped", Dynamics::underdamped, "with inertia"},
               {"overdamped", Dynamics::overdamped, "without: plain mean-field Langevin"}});
  return s;
}

void MeanFieldLangevin::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  archive.rows("velocity", ensemble.layout, velocity);
  archive.rows("force", ensemble.layout, force);
  archive.field("value", value);
}

bool MeanFieldLangevin::needs_gradient() const {
  return params.reference == Reference::posterior || (functional != nullptr && functional->needs_gradient());
}

Plan MeanFieldLangevin::plan() const {
  Plan plan{Plan::Kind::ensemble, params.members, 1, false};
  plan.is_posterior =
      params.reference == Reference::posterior && (functional == nullptr || functional->is_least_at_posterior());
  return plan;
}

std::string MeanFieldLangevin::objection(const Problem& problem) const {
  const std::string of_gradient = needs_gradient() ? gradient_objection(problem) : "";
  if (!of_gradient.empty() || functional == nullptr) return of_gradient;
  const std::string inner = functional->objection(problem);
  return inner.empty() ? "" : "minimises '" + params.functional + "', which " + inner;
}

// F and its force at the particles, as they are evaluated.
void MeanFieldLangevin::measure(const Problem& problem, const Context& context, State& s) const {
  require_a_likelihood(context, s.ensemble, s.iteration, "mean-field Langevin dynamics");
  if (functional == nullptr) return;
  RunCount count;
  s.value = functional->evaluate(problem, context, s.ensemble, s.force, count);
  count.add_to(s);
}

MeanFieldLangevin::State MeanFieldLangevin::init(const Problem& problem, const Context& context) const {
  State s;
  const bool with_gradient = needs_gradient();
  const int d = problem.dimension();
  s.ensemble = Ensemble::from_prior(params.members, with_gradient, problem, context);
  s.model_evaluations = params.members, s.gradient_evaluations = with_gradient ? params.members : 0;
  s.velocity = Batch("velocity", s.ensemble.rows(), params.dynamics == Dynamics::underdamped ? d : 0);
  s.force = Batch("force", s.ensemble.rows(), functional != nullptr ? d : 0);
  context.rng.normals({kernels::Purpose::trajectory}, s.ensemble.layout.first(), s.velocity);
  return s;
}

StepInfo MeanFieldLangevin::step(const Problem& problem, const Context& context, State& s) const {
  const Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = problem.dimension();
  const bool has_inertia = params.dynamics == Dynamics::underdamped, has_functional = functional != nullptr,
             has_likelihood = params.reference == Reference::posterior;
  measure(problem, context, s);
  const Batch xi = kernels::new_batch(rows, has_inertia ? 2 * d : d);
  context.rng.normals({kernels::Purpose::mean_field, s.iteration}, e.layout.first(), xi);
  const ExactStep of = exact_step(params.friction, params.step);
  const double h = params.step, noise = std::sqrt(2.0 * h), strength = params.strength;
  kernels::for_each_row(rows, [=, force = s.force, v = s.velocity](int row) {
    for (int k = 0; k < d; ++k) {
      const double g = e.position(row, k) - (has_likelihood ? e.gradient(row, k) : 0.0) +
                       (has_functional ? strength * force(row, k) : 0.0);
      if (has_inertia) {
        const double before = v(row, k);
        e.position(row, k) +=
            of.to_position * before - of.pull * g + of.noise_z_with_v * xi(row, k) + of.noise_z * xi(row, d + k);
        v(row, k) = of.memory * before - of.kick * g + of.noise_v * xi(row, k);
      } else {
        e.position(row, k) += noise * xi(row, k) - h * g;
      }
    }
  });
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.members;
  s.gradient_evaluations += needs_gradient() ? params.members : 0;

  ++s.iteration;
  require_finite(context, s);
  StepInfo info;
  info.is_finished = s.iteration >= params.iterations;
  info.is_draw = info.is_finished;
  info.phase = "descent";
  info.progress = static_cast<double>(s.iteration) / params.iterations;
  if (has_functional) info.numbers = {{"functional", s.value}};
  return info;
}

}  // namespace aleator::sampler
