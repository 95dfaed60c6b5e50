// Corrections of biased samples, ensembles and chains: polishing by Metropolis moves, and importance sampling.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/log.hpp"
#include "sampler/ensemble/eki.hpp"
#include "sampler/ensemble/uki.hpp"
#include "sampler/evidence_targets.hpp"
#include "sampler/hessian/laplace.hpp"
#include "sampler/importance.hpp"
#include "sampler/langevin/cbs.hpp"
#include "sampler/langevin/mean_field_langevin.hpp"
#include "sampler/langevin/ula.hpp"
#include "sampler/mcmc/hmc.hpp"
#include "sampler/polish.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using test::Exact;
using test::linear_gaussian;

constexpr double z_limit = 4.0;

Exact scaled(Exact exact, double factor) {
  for (double& value : exact.covariance.a) value *= factor;
  return exact;
}

/// An EKI that stops at time 0.6: too wide for the posterior, and off its mean.
std::shared_ptr<Sampler> biased(int members) {
  Eki::Params params;
  params.members = members, params.step = Eki::StepRule::fixed, params.fixed_step = 0.2, params.max_iterations = 3;
  return std::make_shared<Erased<Eki>>(params);
}

struct Finished {
  StepInfo info;
  BaseState state;
};

Finished finish(Sampler& sampler, const Problem& problem, std::uint64_t seed,
                core::LogLevel logged = core::LogLevel::error) {
  core::set_log_level(logged);
  const Context context = test::serial(seed);
  sampler.init(problem, context);
  Finished f;
  while (!(f.info = sampler.step(problem, context)).is_finished) EXPECT_FALSE(f.info.is_draw);
  core::set_log_level(core::LogLevel::info);
  f.state = sampler.state();
  return f;
}

/// Largest |z| of the members' moments, taken as independent.
double largest_member_z(const BaseState& state, const Problem& problem, const Exact& exact) {
  BaseState independent = state;
  independent.ancestors.clear();
  for (std::int64_t i = 0; i < state.ensemble.layout.rows(); ++i) independent.ancestors.push_back(i);
  return test::largest_particle_z(independent, problem, exact);
}

TEST(Polish, MakesABiasedEnsembleHonest) {
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  const auto first = biased(4000);
  EXPECT_GT(largest_member_z(finish(*first, *problem, 3).state, *problem, exact), 2.0 * z_limit);
  for (const auto kernel : {Polish::Kernel::automatic, Polish::Kernel::random_walk}) {
    Polish polish({"first", kernel, kernel == Polish::Kernel::random_walk ? 120 : 30}, biased(4000));
    const Finished f = finish(polish, *problem, 3);
    EXPECT_LT(largest_member_z(f.state, *problem, exact), z_limit);
    EXPECT_TRUE(f.info.is_draw);
  }
}

// w^2 of the infinitesimal jackknife, by which EKI's means scatter more than independent draws.
TEST(Polish, StatesTheErrorThatMembersShareAsFarAsTheyRememberIt) {
  test::LinearGaussian far = linear_gaussian();  // from the prior: the members' gain moves all of them by much
  for (double& value : far.data) value *= 30.0;
  const auto problem = far.problem();
  const auto shared_error = [&](Sampler& sampler) {
    const std::vector<double> influence = finish(sampler, *problem, 3).state.influence;
    double sum = 0.0;
    for (const double w : influence) sum += w * w / static_cast<double>(influence.size());
    return sum - 1.0;
  };
  Eki::Params params;
  params.members = 800;
  Erased<Eki> eki(params);
  const double of_eki = shared_error(eki);
  ASSERT_GT(of_eki, 0.5);
  Polish once({"first", Polish::Kernel::random_walk, 1}, std::make_shared<Erased<Eki>>(params)),
      often({"first", Polish::Kernel::random_walk, 300}, std::make_shared<Erased<Eki>>(params));
  EXPECT_GT(shared_error(once), 0.3 * of_eki);
  EXPECT_LT(shared_error(often), 0.1 * of_eki);
}

// One move of draws that are the posterior's leaves them so. With the random numbers that made the draws it does not: a member
// far out would then always be proposed a place still farther out.
TEST(Polish, MovesByRandomNumbersOfItsOwn) {
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  Uki::Params params;
  params.members = 20000;
  for (const auto kernel : {Polish::Kernel::random_walk, Polish::Kernel::pcn}) {
    Polish polish({"first", kernel, 1}, std::make_shared<Erased<Uki>>(params));
    EXPECT_LT(largest_member_z(finish(polish, *problem, 3).state, *problem, exact), z_limit);
  }
}

TEST(Importance, CorrectsABiasedEnsembleAndKnowsTheEvidence) {
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  Importance importance({"first"}, biased(8000));
  const Finished f = finish(importance, *problem, 3);
  EXPECT_LT(test::largest_particle_z(f.state, *problem, exact), z_limit);
  EXPECT_LT(std::abs(f.state.log_evidence - exact.log_evidence), 3.0 * f.state.log_evidence_standard_error);
  EXPECT_LT(f.state.log_evidence_standard_error, 0.05);
  EXPECT_EQ(f.info.numbers[0].first, "pareto_k");
  EXPECT_LT(f.info.numbers[0].second, 0.7);
}

TEST(Importance, ProposesByTheCovarianceAsItIs) {
  // Differences of neighbours are known a thousand times better than the values: shrunk correlations would propose places of no
  // mass, and a thousandth of the draws would count.
  test::LinearGaussian p;
  constexpr int d = 4;
  p.prior_covariance = math::identity(d), p.prior_mean.assign(d, 0.0);
  p.a = math::Matrix(d - 1, d), p.noise_sd.assign(d - 1, 1e-3), p.data.assign(d - 1, 0.0);
  for (int i = 0; i + 1 < d; ++i) p.a(i, i) = 1.0, p.a(i, i + 1) = -1.0;
  Uki::Params params;
  params.members = 1000;
  Importance importance({"first"}, std::make_shared<Erased<Uki>>(params));
  const Finished f = finish(importance, *p.problem(), 3);
  EXPECT_EQ(f.info.numbers[1].first, "effective_share");
  EXPECT_GT(f.info.numbers[1].second, 0.5);
}

TEST(Importance, WarnsOfAnEnsembleThatMissesThePosterior) {
  // Consensus towards the mode: the ensemble has all but collapsed, so its law has no mass where the posterior has.
  Cbs::Params params;
  params.members = 500, params.goal = Cbs::Goal::mode, params.iterations = 30;
  Importance importance({"first"}, std::make_shared<Erased<Cbs>>(params));
  EXPECT_GT(finish(importance, *linear_gaussian().problem(), 3).info.numbers[0].second, 0.7);
}

/// ULA at h = 1: draws independent of each other, of twice the posterior's covariance.
Ula::Params far_too_wide() {
  Ula::Params params;
  params.chains = 64, params.warmup = 300, params.draws = 60, params.step = 1.0;
  return params;
}

/// All draws a sampler of chains hands out, as one ensemble.
BaseState all_draws(Sampler& sampler, const Problem& problem, std::uint64_t seed) {
  const Context context = test::serial(seed);
  const Plan plan = sampler.plan();
  BaseState all;
  all.ensemble.layout = parallel::RowLayout(plan.members * plan.draws, context.comm);
  all.ensemble.position = Batch("position", plan.members * plan.draws, problem.dimension());
  all.ensemble.accepted = Vector("accepted", plan.members * plan.draws);
  sampler.init(problem, context);
  int draws = 0;
  for (StepInfo info; !info.is_finished;) {
    info = sampler.step(problem, context);
    if (!info.is_draw) continue;
    const Ensemble& e = sampler.state().ensemble;
    EXPECT_EQ(e.rows(), plan.members);
    for (int row = 0; row < e.rows(); ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * plan.draws + draws;
      all.ensemble.accepted(at) = e.accepted(row);
      for (int k = 0; k < problem.dimension(); ++k) all.ensemble.position(at, k) = e.position(row, k);
    }
    ++draws;
  }
  EXPECT_EQ(draws, plan.draws);
  all.model_evaluations = sampler.state().model_evaluations;
  return all;
}

TEST(Polish, MakesChainsWithoutAMetropolisTestHonest) {
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  Erased<Ula> first(far_too_wide());
  const BaseState wide = all_draws(first, *problem, 3);
  EXPECT_GT(largest_member_z(wide, *problem, exact), 4.0 * z_limit);
  EXPECT_LT(largest_member_z(wide, *problem, scaled(exact, 2.0)), z_limit);
  Polish polish({"first", Polish::Kernel::automatic, 30}, std::make_shared<Erased<Ula>>(far_too_wide()));
  EXPECT_EQ(polish.plan().kind, Plan::Kind::chains);
  EXPECT_FALSE(polish.plan().is_exact);
  const BaseState honest = all_draws(polish, *problem, 3);
  EXPECT_LT(largest_member_z(honest, *problem, exact), z_limit);
  EXPECT_EQ(honest.model_evaluations, wide.model_evaluations + 31 * 64 * 60);
}

// One move: draws whose proposal was refused are those of the first sampler, each in its place.
TEST(Polish, BeginsAtTheDrawsOfTheChains) {
  const auto problem = linear_gaussian().problem();
  Erased<Ula> first(far_too_wide());
  const Ensemble from = all_draws(first, *problem, 3).ensemble;
  Polish polish({"first", Polish::Kernel::random_walk, 1}, std::make_shared<Erased<Ula>>(far_too_wide()));
  const Ensemble to = all_draws(polish, *problem, 3).ensemble;
  int stayed = 0;
  for (std::size_t row = 0; row < to.position.extent(0); ++row) {
    if (to.accepted(row) != 0.0) continue;
    ++stayed;
    for (int k = 0; k < 4; ++k) EXPECT_EQ(to.position(row, k), from.position(row, k));
  }
  EXPECT_GT(stayed, 64 * 60 / 4);
  EXPECT_LT(stayed, 64 * 60);
}

TEST(Importance, TakesTheDrawsOfChainsForItsLaw) {
  const auto problem = linear_gaussian().problem();
  const Exact exact = linear_gaussian().exact();
  Hmc::Params exact_chains;
  exact_chains.chains = 16, exact_chains.warmup = 200, exact_chains.draws = 200;
  for (const std::shared_ptr<Sampler>& first :
       {std::shared_ptr<Sampler>(std::make_shared<Erased<Ula>>(far_too_wide())),
        std::shared_ptr<Sampler>(std::make_shared<Erased<Hmc>>(exact_chains))}) {
    Importance importance({"first"}, first);
    EXPECT_EQ(importance.plan().members, first->plan().members * first->plan().draws);
    const Finished f = finish(importance, *problem, 3);
    EXPECT_LT(test::largest_particle_z(f.state, *problem, exact), z_limit);
    EXPECT_LT(std::abs(f.state.log_evidence - exact.log_evidence), 3.0 * f.state.log_evidence_standard_error);
    EXPECT_LT(f.state.log_evidence_standard_error, 0.05);
  }
}

// The law of Laplace's approximation is not fitted to its draws: of 1000 in 40 dimensions, some 30 would count then.
TEST(Importance, TakesTheLawItselfWhereItIsKnown) {
  constexpr int d = 40;
  std::vector<double> identity(d * d, 0.0), y(d);
  for (int k = 0; k < d; ++k) identity[static_cast<std::size_t>(k) * d + k] = 1.0, y[k] = 1.5 * std::sin(1.0 + 2.0 * k);
  const inverse::BayesProblem problem(
      {}, {std::make_shared<inverse::LinearModel>(identity, d, d),
           std::make_shared<prob::Normal>(prob::Normal::Params{d, {0.0}, {1.0}, {}}),
           std::make_shared<inverse::GaussianLikelihood>(
               inverse::GaussianLikelihood::Params{{"data.txt", test::table(y, 1)}, {0.4}, {}, true})});
  double log_evidence = 0.0;
  for (const double value : y) log_evidence -= 0.5 * (value * value / 1.16 + std::log(2.0 * M_PI * 1.16));
  Laplace::Params params;
  for (const int members : {1000, 70}) {  // fewer than two for each coordinate are enough
    params.members = members;
    Importance importance({"first"}, std::make_shared<Erased<Laplace>>(params));
    EXPECT_EQ(importance.objection(problem), "");
    const Finished f = finish(importance, problem, 3);
    EXPECT_EQ(f.info.numbers[1].first, "effective_share");
    EXPECT_GT(f.info.numbers[1].second, 0.25);
    EXPECT_LT(std::abs(f.state.log_evidence - log_evidence), 3.0 * f.state.log_evidence_standard_error);
  }
}

/// Normals of sd 0.3 at -1.5 and at 1.5, with probabilities 0.4 and `second`, under N(0, 1).
class TwoHumps : public test::DensityProblem {
 public:
  explicit TwoHumps(double second)
      : DensityProblem(
            1, {0.0, 0.0},
            [second](const double* u) { return std::log(density(u[0], second)) - model::latent_log_prior(u, 1); }),
        second_(second) {}
  bool has_gradient() const override { return true; }
  std::vector<int> evaluate(model::ConstBatch z, model::Evaluation& result) const override {
    for (std::size_t row = 0; row < z.extent(0) && result.gradient.size() > 0; ++row) {
      const double u = z(row, 0), step = 1e-5;
      result.gradient(row, 0) =
          (std::log(density(u + step, second_)) - std::log(density(u - step, second_))) / (2.0 * step) + u;
    }
    return DensityProblem::evaluate(z, result);
  }

 private:
  static double density(double u, double second) {
    const auto hump = [](double x) { return std::exp(-0.5 * x * x / 0.09) / std::sqrt(2.0 * M_PI * 0.09); };
    return 0.4 * hump(u + 1.5) + second * hump(u - 1.5) + 1e-300;
  }
  double second_;
};

TEST(Importance, SaysWhatOfThePosteriorDrawsOfThePriorFindElsewhere) {
  const auto unseen = [](double second) {
    Importance importance({"first"}, std::make_shared<Erased<Laplace>>(Laplace::Params()));
    const Finished f = finish(importance, TwoHumps(second), 3);
    EXPECT_EQ(f.info.numbers.back().first, "unseen_share");
    return f.info.numbers.back().second;
  };
  EXPECT_EQ(unseen(0.0), 0.0);
  EXPECT_GT(unseen(0.6), 0.1);
}

// Draws of the left hump alone.
class OneHump final : public Sampler {
 public:
  Plan plan() const override { return {Plan::Kind::ensemble, 500, 1, false}; }
  std::string objection(const Problem& /*problem*/) const override { return {}; }
  void init(const Problem& problem, const Context& context) override {
    state_.ensemble = Ensemble::unevaluated(500, problem, context);
    const Batch& z = state_.ensemble.position;
    for (int row = 0; row < 500; ++row) z(row, 0) = -1.5 + 0.3 * z(row, 0);
  }
  StepInfo step(const Problem& /*problem*/, const Context& /*context*/) override {
    return {true, true, 1.0, "draws", {}};
  }
  void fields(io::Archive& /*archive*/, const Context& /*context*/) override {}
  const BaseState& state() const override { return state_; }
  void clear() override {}

 private:
  BaseState state_;
};

// Behind methods that have not looked at the prior it does so itself.
TEST(Importance, LooksAtThePriorBehindMethodsThatHaveNot) {
  const auto unseen = [](double second) {
    Importance importance({"first"}, std::make_shared<OneHump>());
    const Finished f = finish(importance, TwoHumps(second), 3);
    EXPECT_EQ(f.info.numbers.back().first, "unseen_share");
    EXPECT_EQ(f.state.model_evaluations, 500 + 256);
    return f.info.numbers.back().second;
  };
  EXPECT_EQ(unseen(0.0), 0.0);
  EXPECT_NEAR(unseen(0.6), 0.6, 0.2);
}

// Laplace's approximation tells of such modes itself.
TEST(Laplace, SaysWhatOfThePosteriorItDoesNotCover) {
  const auto unseen = [](double second) {
    Erased<Laplace> laplace{Laplace::Params()};
    const Finished f = finish(laplace, TwoHumps(second), 3);
    for (const auto& [name, value] : f.info.numbers)
      if (name == "unseen_share") return value;
    return -1.0;
  };
  EXPECT_EQ(unseen(0.0), 0.0);
  EXPECT_NEAR(unseen(0.6), 0.6, 0.25);  // or 0.4, where it finds the other one
}

// One draw of the prior, however often resampled, is none that tells.
TEST(PriorDraws, ASingleOneTellsNothingOfModes) {
  PriorDraws draws;
  draws.z = math::Matrix(4, 1), draws.z.a = {2.0, 2.0, 2.0, 2.0};
  draws.log_likelihood = {0.0, 0.0, 0.0, 0.0}, draws.log_mean = 0.0;
  const auto nothing = [](const double*) { return -1000.0; };
  EXPECT_EQ(draws.unseen_share(nothing, 0.0, 1.0), 0.0);
  draws.z.a = {2.0, 2.0, 1.0, 1.0};
  EXPECT_EQ(draws.unseen_share(nothing, 0.0, 1.0), 0.5);  // as much as the evidence found
}

// However small the evidence is.
TEST(Importance, SaysNothingOfDrawsWhereItsLawCoversThem) {
  const test::DensityProblem problem(1, {0.0, 0.0},
                                     [](const double* u) { return -2000.0 - 8.0 * (u[0] - 1.0) * (u[0] - 1.0); });
  const std::string log = testing::TempDir() + "importance.txt";
  std::filesystem::remove(log);
  core::set_log_file(log);
  Importance importance({"first"}, std::make_shared<Erased<Cbs>>(Cbs::Params()));
  finish(importance, problem, 3, core::LogLevel::info);
  core::set_log_file("");
  std::ifstream file(log);
  const std::string said((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("next to no draws")));
}

TEST(Corrections, AreRefusedWhereTheyMakeNoSense) {
  const auto problem = linear_gaussian().problem();
  const Polish exact({"walk", Polish::Kernel::automatic, 30}, std::make_shared<Erased<Hmc>>(Hmc::Params()));
  EXPECT_NE(exact.objection(*problem).find("Markov chains of the posterior already"), std::string::npos);
  MeanFieldLangevin::Params params;
  params.reference = MeanFieldLangevin::Reference::prior;  // nothing leads to the posterior
  const auto prior = std::make_shared<Erased<MeanFieldLangevin>>(MeanFieldLangevin{params, nullptr});
  for (const std::string& objection : {Polish({"prior", Polish::Kernel::automatic, 30}, prior).objection(*problem),
                                       Importance({"prior"}, prior).objection(*problem)})
    EXPECT_NE(objection.find("'prior', whose law is not to be the posterior"), std::string::npos) << objection;
  params.reference = MeanFieldLangevin::Reference::posterior;
  EXPECT_EQ(Importance({"flow"}, std::make_shared<Erased<MeanFieldLangevin>>(MeanFieldLangevin{params, nullptr}))
                .objection(*problem),
            "");
  Ula::Params few = far_too_wide();
  few.chains = 1, few.draws = 4;
  EXPECT_NE(Importance({"few"}, std::make_shared<Erased<Ula>>(few))
                .objection(*problem)
                .find("4 draws in 4 coordinates; it needs at least 8"),
            std::string::npos);
}

}  // namespace
}  // namespace aleator::sampler
