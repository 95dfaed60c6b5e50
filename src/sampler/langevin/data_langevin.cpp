#include "sampler/langevin/data_langevin.hpp"

#include <cmath>

#include "core/error.hpp"
#include "sampler/functional/points.hpp"
#include "sampler/stein/particles.hpp"

namespace aleator::sampler {

deck::Schema<DataLangevin::Params> DataLangevin::schema() {
  deck::Schema<Params> s("Langevin dynamics with a score learned from data points, started at the points",
                         "Koehler, Vuong 2023; Hyvarinen 2005; Sutherland, Strathmann, Arbel, Gretton 2018");
  s.key("data", &Params::data, "", "a table with one row for each point and one column for each parameter").required();
  s.key("members", &Params::members, "1", "number of samples J", deck::at_least(2))
      .key("centres", &Params::centres, "1", "points on which the score's kernels sit, at most", deck::at_least(2))
      .key("iterations", &Params::iterations, "1", "number of steps", deck::at_least(1))
      .key("step", &Params::step, "1", "h, in units of the squared width of a mode", deck::inside(0, 2))
      .choice("start", &Params::start, "of the members",
              {{"data", Start::data, "at the points, which keeps the modes' weights"},
               {"prior", Start::prior, "draws of the prior: modes then get any weights"}});
  return s;
}

void DataLangevin::State::fields(io::Archive& archive) {
  BaseState::fields(archive);
  const io::ArchiveGroup group(archive, "score");
  archive.field("dimension", score.dimension);
  archive.field("mean", score.mean);
  archive.field("deviation", score.deviation);
  archive.field("centres", score.centres);
  archive.field("alpha", score.alpha);
  archive.field("length_scale", score.length_scale);
  archive.field("regularisation", score.regularisation);
  archive.field("loss", score.loss);
  archive.field("fisher", score.fisher);
}

std::string DataLangevin::objection(const Problem& problem) const { return points_objection(problem, params.data); }

DataLangevin::State DataLangevin::init(const Problem& problem, const Context& context) const {
  State s;
  s.ensemble = Ensemble::from_prior(params.members, false, problem, context);
  s.model_evaluations = params.members;
  const Batch points = latent_points(problem, params.data);
  s.score = prob::learn_score(points, params.centres);
  if (params.start == Start::prior) return s;
  const Ensemble& e = s.ensemble;
  const auto count = static_cast<std::int64_t>(points.extent(0));
  for (int row = 0; row < e.rows(); ++row)
    for (int k = 0; k < problem.dimension(); ++k)
      e.position(row, k) = points((e.layout.first() + row) * count / params.members, k);
  return s;
}

StepInfo DataLangevin::step(const Problem& problem, const Context& context, State& s) const {
  const Ensemble& e = s.ensemble;
  const int rows = e.rows(), d = problem.dimension();
  const double h = params.step;
  const Batch xi = kernels::new_batch(rows, d);
  context.rng.normals({kernels::Purpose::data_langevin, s.iteration}, e.layout.first(), xi);
  kernels::for_each_row(rows, [&](int row) {
    std::vector<double> score(static_cast<std::size_t>(d));
    s.score.evaluate(&e.position(row, 0), score.data());
    for (int k = 0; k < d; ++k)
      e.position(row, k) += h * score[k] / s.score.fisher[k] + std::sqrt(2.0 * h / s.score.fisher[k]) * xi(row, k);
  });
  ++s.iteration;
  StepInfo info;
  info.is_finished = info.is_draw = s.iteration >= params.iterations;
  info.phase = "diffusion";
  info.progress = static_cast<double>(s.iteration) / params.iterations;
  info.numbers = {{"length_scale", s.score.length_scale}, {"held_out_loss", s.score.loss}};
  if (!info.is_finished) return info;
  model::Evaluation evaluation{e.log_likelihood, {}, {}};
  evaluate(problem, e.position, evaluation, context);
  s.model_evaluations += params.members;
  require_a_likelihood(context, e, s.iteration, "Langevin dynamics from data");
  return info;
}

}  // namespace aleator::sampler
