#include "sampler/polish.hpp"

#include <cmath>

namespace aleator::sampler {

deck::Schema<Polish::Params> Polish::schema() {
  deck::Schema<Params> s("Another sampler's ensemble, moved on by a Metropolis kernel", "");
  s.reference("sampler", &Params::sampler, "sampler", "whose ensemble is polished").required();
  add_kernel_key(s, &Params::kernel).key("moves", &Params::moves, "1", "moves of every member", deck::at_least(1));
  return s;
}

Plan Polish::plan() const { return {Plan::Kind::ensemble, first_->plan().members, 1, false}; }

std::string Polish::objection(const Problem& problem) const {
  if (first_->plan().kind == Plan::Kind::chains)
    return "polishes a sampler of chains, which are Markov chains already; name one that ends with an ensemble";
  if (params_.kernel == Kernel::mala && !problem.has_gradient())
    return "has kernel = \"mala\", which needs the gradient of the log-likelihood; the model does not offer it";
  const std::string inner = first_->objection(problem);
  return inner.empty() ? "" : "polishes '" + params_.sampler + "', which " + inner;
}

void Polish::init(const Problem& problem, const Context& context) { first_->init(problem, context); }

void Polish::take_over(const Problem& problem, const Context& context) {
  const BaseState& first = first_->state();
  const InnerMove move = move_for(params_.kernel, problem);
  const bool with_gradient = needs_gradient(move);
  const int rows = first.ensemble.rows(), d = problem.dimension();
  own_ = first;
  own_.iteration = 0;
  own_.means = {};
  Ensemble& e = own_.ensemble;
  e.position = Batch("position", rows, d);
  Kokkos::deep_copy(e.position, first.ensemble.position);
  e.log_likelihood = Vector("log_likelihood", rows);
  e.gradient = Batch("gradient", rows, with_gradient ? d : 0);
  e.accepted = Vector("accepted", rows);
  model::Evaluation evaluation{e.log_likelihood, e.gradient, {}};
  evaluate(problem, e.position, evaluation, context);
  own_.model_evaluations += e.layout.rows();
  own_.gradient_evaluations += with_gradient ? e.layout.rows() : 0;
  if (d <= PooledMoments::largest_dimension) {
    PooledMoments moments;
    moments.reset(d);
    moments.observe(e, context);
    lower_ = moments.factor();
  }
  log_scale_ = std::log(first_scale(move, d));
  is_first_done_ = true;
  first_->clear();
}

StepInfo Polish::step(const Problem& problem, const Context& context) {
  constexpr double share_of_first = 0.5;  // of the progress shown
  if (!is_first_done_) {
    StepInfo info = first_->step(problem, context);
    if (info.is_finished) take_over(problem, context);
    info.is_draw = info.is_finished = false;
    info.progress *= share_of_first;
    return info;
  }
  Ensemble& e = own_.ensemble;
  const InnerMove move = move_for(params_.kernel, problem);
  const MoveSetting setting{1.0, std::exp(log_scale_), lower_, own_.iteration, kernels::Purpose::polish_acceptance};
  const Vector probability = kernel_of({move})(problem, context, setting, e);
  const double acceptance = ordered_mean(context, e.layout, probability);
  ++own_.iteration;
  if (2 * own_.iteration <= params_.moves)
    log_scale_ += std::pow(static_cast<double>(own_.iteration), -0.6) * (acceptance - target_acceptance(move));
  own_.model_evaluations += e.layout.rows();
  own_.gradient_evaluations += needs_gradient(move) ? e.layout.rows() : 0;
  StepInfo info;
  info.is_draw = info.is_finished = own_.iteration >= params_.moves;
  info.phase = "polish";
  info.progress = share_of_first + (1.0 - share_of_first) * static_cast<double>(own_.iteration) / params_.moves;
  info.numbers = {{"acceptance", acceptance}, {"scale", std::exp(log_scale_)}};
  return info;
}

void Polish::fields(io::Archive& archive, const Context& context) {
  archive.field("is_first_done", is_first_done_);
  if (!is_first_done_) {
    const io::ArchiveGroup group(archive, "first");
    first_->fields(archive, context);
    return;
  }
  archive.field("log_scale", log_scale_);
  archive.field("lower", lower_);
  if (archive.is_loading()) own_.ensemble.layout = parallel::RowLayout(plan().members, context.comm);
  own_.fields(archive);
}

}  // namespace aleator::sampler
