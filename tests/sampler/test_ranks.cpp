// For every registered sampler: the same bits on any number of ranks, and a checkpoint after which nothing differs. States
// are compared by the bytes of their checkpoint files, which hold everything that changes.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/log.hpp"
#include "deck/builder.hpp"
#include "inverse/register.hpp"
#include "io/files.hpp"
#include "prob/register.hpp"
#include "sampler/importance.hpp"
#include "sampler/langevin/ula.hpp"
#include "sampler/mcmc/mala.hpp"
#include "sampler/mcmc/random_walk.hpp"
#include "sampler/polish.hpp"
#include "sampler/smc/smc.hpp"
#include "sampler/stein/svgd.hpp"
#include "sampler/targets.hpp"

namespace aleator::sampler {
namespace {

using parallel::Comm;

// Small sizes; a sampler that is not listed is tested with its defaults.
std::string keys_of(const std::string& name, int members, int dimension) {
  const std::string m = std::to_string(members);
  if (name == "sampler/delayed_acceptance")  // a formula that resembles the problem little
    return "coarse = [\"c\"]\nsubchain = [3]\nwarmup = 24\ndraws = 6\nthin = 2\nchains = " + m +
           "\n[problem.c]\ntype = \"problem/target\"\ntarget = \"t\"\nprior = \"p\"\n"
           "[target.t]\ntype = \"target/expression\"\nparameters = [\"x[" +
           std::to_string(dimension) +
           "]\"]\nlog_density = \"-sum(x^2) / 8\"\n"
           "[prior.p]\ntype = \"prior/normal\"\ndimension = " +
           std::to_string(dimension) + "\n";
  if (name == "sampler/sgld")  // of two blocks where there are two coordinates
    return "batch = 2\nmemory = 5\nwarmup = 24\ndraws = 6\nthin = 2\nblocks = [" +
           (dimension > 1 ? "1, " + std::to_string(dimension - 1) : "1") + "]\nchains = " + m + "\n";
  static const std::map<std::string, std::string> others = {
      {"sampler/smc", "min_moves = 2\nmax_moves = 4\nmove = \"mala\"\nparticles = "},
      {"sampler/nested", "moves = 3\npoints = "},
      {"sampler/smc2", "particles = "},
      {"sampler/fusion", "parts = 2\nstep = 0.05\nparticles = "},
      {"sampler/tmcmc", "chain_length = 3\nparticles = "},
      {"sampler/eki", "step = \"fixed\"\nfixed_step = 0.2\nmembers = "},
      {"sampler/uki", "members = "},
      {"sampler/eks", "step = 0.5\nmax_iterations = 30\nmembers = "},
      {"sampler/svgd", "iterations = 30\nmembers = "},
      {"sampler/svn", "iterations = 30\ntolerance = 1e-9\nmembers = "},
      {"sampler/polish", "sampler = \"first\"\nmoves = 12\n[sampler.first]\ntype = \"sampler/eki\"\nmembers = "},
      {"sampler/importance", "sampler = \"first\"\n[sampler.first]\ntype = \"sampler/eki\"\nmembers = "},
      {"sampler/laplace", "max_iterations = 4\ntolerance = 1e-12\nmembers = "},
      {"sampler/stein_thinning",
       "members = $\nsampler = \"first\"\n[sampler.first]\ntype = \"sampler/eki\"\nmembers = "},
      {"sampler/entropy_mcmc", "batch = 2\nwarmup = 24\ndraws = 6\nthin = 2\nchains = "},
      {"sampler/sghmc", "batch = 2\nwarmup = 24\ndraws = 6\nthin = 2\nchains = "},
      {"sampler/mean_field_langevin",
       "functional = \"f\"\niterations = 30\nmembers = $\n[functional.f]\ntype = \"functional/kernel_stein\"\n# "},
      {"sampler/score_diffusion", "pairs = 2\nsteps = 12\nmembers = "},
      {"sampler/data_langevin", "data = \"points.txt\"\niterations = 12\nmembers = "},
      {"sampler/cbs", "iterations = 30\nmembers = "}};
  if (const auto found = others.find(name); found != others.end()) {
    std::string keys = found->second + m + "\n";
    if (const std::size_t at = keys.find('$'); at != std::string::npos) keys.replace(at, 1, m);
    return keys;
  }
  return "warmup = 24\ndraws = 6\nthin = 2\nchains = " + m + "\n";
}

deck::Registry menu() {
  deck::Registry registry;
  register_components(registry);
  inverse::register_components(registry);
  prob::register_components(registry);
  return registry;
}

std::shared_ptr<Sampler> make(const std::string& name, int members, int dimension = 4) {
  const deck::Registry registry = menu();
  const std::string text = "[sampler.s]\ntype = \"" + name + "\"\n" + keys_of(name, members, dimension);
  std::string points;
  for (int i = 0; i < 30; ++i)
    for (int k = 0; k < dimension; ++k)
      points += fmt::format("{}{}", std::sin(1.0 + i * (k + 1)), k + 1 < dimension ? " " : "\n");
  const deck::FileReader reader = [&](const std::string& path) {
    return std::optional<std::string>(path == "points.txt" ? points : text);
  };
  const deck::Deck deck("deck.toml", registry, {}, reader);
  return deck::Builder(deck).get<Sampler>("sampler", "s");
}

// All samplers that can treat a problem of any kind: SMC^2 takes data one after the other (tests/assimilation/test_smc2.cpp).
std::vector<std::string> names_for(const Problem& problem) {
  std::vector<std::string> names = menu().names("sampler");
  const auto smc2 = std::find(names.begin(), names.end(), "sampler/smc2");
  EXPECT_NE(make(*smc2, 200)->objection(problem), "");
  names.erase(smc2);
  return names;
}

std::string path_of(const Context& context, const std::string& name) {
  const std::string folder = "sampler_rank_tests_np" + std::to_string(Comm::world().size());
  io::make_directory(folder);
  return folder + "/" + name + (context.comm.size() == 1 ? "_alone" + std::to_string(Comm::world().rank()) : "") +
         ".h5";
}

void save(Sampler& sampler, const Context& context, const std::string& path) {
  io::ArchiveWriter archive(context.comm, path);
  sampler.fields(archive, context);
  archive.commit();
}

std::string bytes_of(Sampler& sampler, const Context& context, const std::string& name) {
  const std::string path = path_of(context, name);
  save(sampler, context, path);
  const std::string bytes = io::read_text_file(path);
  context.comm.barrier();  // before another test writes the same file
  return bytes;
}

// Steps until `steps` were taken or the sampler has finished; true when it has.
bool advance(Sampler& sampler, const Problem& problem, const Context& context, int steps) {
  for (int i = 0; i < steps; ++i)
    if (sampler.step(problem, context).is_finished) return true;
  return false;
}

Context world() { return {Comm::world(), kernels::Rng(77)}; }
Context alone() { return {Comm::self(), kernels::Rng(77)}; }

// Eleven steps: within the warm-up of chains, with new covariances and relocated stragglers behind them.
constexpr int some_steps = 11, all_steps = 10000;

TEST(EverySamplerMpi, HasTheSameBitsOnAnyNumberOfRanks) {
  const auto problem = test::linear_gaussian().problem();
  for (const std::string& name : names_for(*problem))
    for (const int members : {37, 9})  // blocks of eight rows, and single rows
      for (const int steps : {some_steps, all_steps}) {
        const auto spread = make(name, members), whole = make(name, members);
        spread->init(*problem, world());
        whole->init(*problem, alone());
        EXPECT_EQ(advance(*spread, *problem, world(), steps), advance(*whole, *problem, alone(), steps));
        EXPECT_TRUE(bytes_of(*spread, world(), "bits") == bytes_of(*whole, alone(), "bits"))
            << name << ", " << members << " members, " << steps;
      }
}

TEST(WasteFreeSmcMpi, HasTheSameBitsOnAnyNumberOfRanksAndAfterACheckpoint) {
  const auto problem = test::linear_gaussian().problem();
  for (const int chains : {33, 5}) {  // blocks of eight chains, and single chains
    Smc::Params params;
    params.particles = 4 * chains, params.chain_length = 4, params.move = Smc::Move::hmc;
    Erased<Smc> spread(params), whole(params), resumed(params);
    spread.init(*problem, world());
    whole.init(*problem, alone());
    advance(spread, *problem, world(), 1);
    const std::string path = path_of(world(), "waste_free");
    save(spread, world(), path);
    {
      io::ArchiveReader archive(Comm::world(), path);
      resumed.fields(archive, world());
    }
    advance(resumed, *problem, world(), all_steps);
    advance(whole, *problem, alone(), all_steps);
    EXPECT_TRUE(bytes_of(resumed, world(), "waste_free_end") == bytes_of(whole, alone(), "waste_free_end")) << chains;
  }
}

TEST(EverySamplerMpi, RunsWithRanksThatHaveNoMember) {
  const auto problem = test::linear_gaussian().problem();
  for (const std::string& name : names_for(*problem)) {
    const bool needs_eight = name == "sampler/smc" || name == "sampler/importance" || name == "sampler/nested" ||
                             name == "sampler/tmcmc" || name == "sampler/fusion";
    const int members = needs_eight ? 8 : 3;  // with four ranks one of them is empty
    const auto spread = make(name, members), whole = make(name, members);
    spread->init(*problem, world());
    whole->init(*problem, alone());
    EXPECT_EQ(advance(*spread, *problem, world(), some_steps), advance(*whole, *problem, alone(), some_steps));
    EXPECT_TRUE(bytes_of(*spread, world(), "few") == bytes_of(*whole, alone(), "few")) << name;
  }
}

TEST(SvgdMpi, AMixtureOfMetricsHasTheSameBitsOnAnyNumberOfRanks) {
  const auto problem = test::linear_gaussian().problem();
  Svgd::Params params;
  params.members = 37, params.iterations = 4, params.metric = Svgd::Metric::mixture;
  for (const int anchors : {0, 5}) {
    params.anchors = anchors;
    std::vector<double> found[2];
    for (const Context& context : {world(), alone()}) {
      const Batch z = test::run_to_end(Svgd{params}, *problem, context).ensemble.position;
      found[context.comm.size() > 1 ? 0 : 1] =
          parallel::gather_rows(context.comm, std::vector<double>(z.data(), z.data() + z.size()));
    }
    EXPECT_EQ(world().comm.size() > 1 ? found[0] : found[1], found[1]);
  }
}

TEST(EverySamplerMpi, ContinuesFromACheckpointAsIfItHadNeverStopped) {
  const auto problem = test::linear_gaussian().problem();
  for (const std::string& name : names_for(*problem))
    for (const int stop_after : {0, 1, 9, 27}) {
      const auto uninterrupted = make(name, 37), stopped = make(name, 37), resumed = make(name, 37),
                 resumed_alone = make(name, 37);
      for (Sampler* sampler : {uninterrupted.get(), stopped.get()}) sampler->init(*problem, world());
      if (advance(*stopped, *problem, world(), stop_after)) continue;
      const std::string path = path_of(world(), "checkpoint");
      save(*stopped, world(), path);
      {
        io::ArchiveReader archive(Comm::world(), path),
            archive_alone(Comm::self(), path);  // read on n ranks and on one
        resumed->fields(archive, world());
        resumed_alone->fields(archive_alone, alone());
        EXPECT_TRUE(archive.unread().empty());
      }
      EXPECT_TRUE(advance(*uninterrupted, *problem, world(), all_steps));
      EXPECT_TRUE(advance(*resumed, *problem, world(), all_steps));
      EXPECT_TRUE(advance(*resumed_alone, *problem, alone(), all_steps));
      const std::string expected = bytes_of(*uninterrupted, world(), "end");
      EXPECT_TRUE(bytes_of(*resumed, world(), "end") == expected) << name << " stopped after " << stop_after;
      EXPECT_TRUE(bytes_of(*resumed_alone, alone(), "end") == expected)
          << name << " stopped after " << stop_after << ", resumed on one rank";
    }
}

// Polish and importance hold the draws of the chains they correct.
TEST(CorrectionsOfChainsMpi, HaveTheSameBitsOnAnyNumberOfRanksAndAfterACheckpoint) {
  const auto problem = test::linear_gaussian().problem();
  Ula::Params params;
  params.warmup = 24, params.draws = 6, params.thin = 2;
  for (const int chains : {37, 9, 3})  // blocks of eight chains, single chains, a rank without one
    for (const bool is_polish : {true, false}) {
      params.chains = chains;
      const auto make_one = [&]() -> std::shared_ptr<Sampler> {
        const auto first = std::make_shared<Erased<Ula>>(params);
        if (is_polish) return std::make_shared<Polish>(Polish::Params{"first", Polish::Kernel::automatic, 5}, first);
        return std::make_shared<Importance>(Importance::Params{"first"}, first);
      };
      const auto alone_to_the_end = make_one();
      alone_to_the_end->init(*problem, alone());
      EXPECT_TRUE(advance(*alone_to_the_end, *problem, alone(), all_steps));
      const std::string expected = bytes_of(*alone_to_the_end, alone(), "chains_end");
      for (const int stop_after :
           {11, 30, 38, 43}) {  // in the warm-up, between two draws, among the moves, handing out
        const auto stopped = make_one(), resumed = make_one();
        stopped->init(*problem, world());
        if (advance(*stopped, *problem, world(), stop_after)) continue;
        const std::string path = path_of(world(), "chains");
        save(*stopped, world(), path);
        {
          io::ArchiveReader archive(Comm::world(), path);
          resumed->fields(archive, world());
          EXPECT_TRUE(archive.unread().empty());
        }
        EXPECT_TRUE(advance(*resumed, *problem, world(), all_steps));
        EXPECT_TRUE(bytes_of(*resumed, world(), "chains_end") == expected) << chains << ", " << stop_after;
      }
    }
}

TEST(EverySamplerMpi, CountsItsModelRuns) {
  const auto problem = test::linear_gaussian().problem();
  const std::set<std::string> runs_in_steps = {
      "sampler/eki",    "sampler/eks",        "sampler/uki",           "sampler/score_diffusion",
      "sampler/polish", "sampler/importance", "sampler/stein_thinning"};  // these three of an EKI
  for (const std::string& name : names_for(*problem)) {
    const auto sampler = make(name, 37);
    sampler->init(*problem, world());
    const std::int64_t at_start = sampler->state().model_evaluations;
    EXPECT_EQ(at_start, runs_in_steps.count(name) == 1 ? 0 : 37) << name;
    EXPECT_EQ(sampler->plan().members, 37) << name;
    advance(*sampler, *problem, world(), all_steps);
    EXPECT_GT(sampler->state().model_evaluations, 37) << name;
    // Trajectories of different lengths, refused first proposals, rounds of a slice, products with Hessians, subchains that have
    // not moved, 2 d + 1 sigma points, Newton steps, batches and burn-ins of as many chains as there are.
    const std::set<std::string> uneven = {"sampler/nuts",
                                          "sampler/dram",
                                          "sampler/slice",
                                          "sampler/dili",
                                          "sampler/gpcn",
                                          "sampler/laplace",
                                          "sampler/delayed_acceptance",
                                          "sampler/uki",
                                          "sampler/fusion",
                                          "sampler/tmcmc",
                                          "sampler/sgld",
                                          "sampler/sghmc",
                                          "sampler/entropy_mcmc"};
    if (uneven.count(name) == 0) {
      EXPECT_EQ(sampler->state().model_evaluations % 37, 0) << name;
    }
    EXPECT_LE(sampler->state().gradient_evaluations, sampler->state().model_evaluations) << name;
  }
}

// y = (u_0, u_0), two data; fails where u_0 > limit.
class Cliff : public model::ForwardModel, private model::Adjoint {
 public:
  explicit Cliff(double limit) : limit_(limit) { shape_.inputs = 1, shape_.outputs = 2; }
  const model::Shape& shape() const override { return shape_; }
  const model::Adjoint* adjoint() const override { return this; }
  model::RowStatus evaluate(ConstBatch u, Batch y) const override {
    model::RowStatus status;
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      y(row, 0) = y(row, 1) = u(row, 0) > limit_ ? std::numeric_limits<double>::quiet_NaN() : u(row, 0);
      if (u(row, 0) > limit_) status.failed.push_back({static_cast<int>(row), "cliff"});
    }
    return status;
  }

 private:
  model::RowStatus evaluate_and_pullback(ConstBatch u, Batch y, const model::Cotangent& cotangent,
                                         Batch du) const override {
    const model::RowStatus status = evaluate(u, y);
    const Batch dy("dy", y.extent(0), 2);
    cotangent(0, y, dy);
    for (std::size_t row = 0; row < dy.extent(0); ++row) du(row, 0) = dy(row, 0) + dy(row, 1);
    return status;
  }
  double limit_;
  model::Shape shape_;
};

// Together the data are one of standard deviation 1.
inverse::BayesProblem cliff_problem(double limit, inverse::BayesProblem::OnFailure on_failure) {
  inverse::BayesProblem::Params params;
  params.on_failure = on_failure;
  return {params, inverse::BayesProblem::Parts{
                      std::make_shared<Cliff>(limit), std::make_shared<prob::Normal>(prob::Normal::Params{}),
                      std::make_shared<inverse::GaussianLikelihood>(
                          inverse::GaussianLikelihood::Params{{"data.txt", "1.0 1.0\n"}, {std::sqrt(2.0)}, {}, true})}};
}

class Quiet {  // hundreds of failed rows are expected
 public:
  Quiet() { core::set_log_level(core::LogLevel::error); }
  ~Quiet() { core::set_log_level(core::LogLevel::info); }
};

TEST(EverySamplerMpi, AFailureOnOneRankEndsAllRanks) {
  // The limit lets only the largest of 37 starting points fail: one rank's evaluation throws.
  const auto all = Ensemble::from_prior(37, false, cliff_problem(1e9, inverse::BayesProblem::OnFailure::stop), alone());
  double first = -1e9, second = -1e9;
  for (int row = 0; row < 37; ++row) {
    const double z = all.position(row, 0);
    if (z > first)
      second = first, first = z;
    else if (z > second)
      second = z;
  }
  const auto problem = cliff_problem(0.5 * (first + second), inverse::BayesProblem::OnFailure::stop);
  for (const std::string& name : names_for(problem)) {
    if (name == "sampler/uki") continue;  // its points are others
    const auto begin = [&] {
      const auto sampler = make(name, 37, 1);
      sampler->init(problem, world());
      sampler->step(problem, world());
    };
    EXPECT_THROW(begin(), core::NumericsError) << name;
  }
}

TEST(EverySamplerMpi, MembersNeverEndWhereTheModelFails) {
  const Quiet quiet;
  const auto problem = cliff_problem(0.2, inverse::BayesProblem::OnFailure::reject);
  for (const std::string& name : names_for(problem)) {
    const auto sampler = make(name, 200, 1);
    if (sampler->plan().kind == Plan::Kind::ensemble) continue;  // the last update goes where it goes
    sampler->init(problem, world());
    advance(*sampler, problem, world(), all_steps);
    const Ensemble& e = sampler->state().ensemble;
    for (int row = 0; row < e.rows(); ++row) {
      EXPECT_LE(e.position(row, 0), 0.2) << name;
      EXPECT_TRUE(std::isfinite(e.log_likelihood(row))) << name;
    }
  }
}

TEST(EverySamplerMpi, AnImputedRowHasWhatItsNearestSoundRowHas) {
  const Quiet quiet;
  const auto problem = cliff_problem(0.2, inverse::BayesProblem::OnFailure::impute);
  const auto sound = cliff_problem(1e9, inverse::BayesProblem::OnFailure::reject);
  const Ensemble e = Ensemble::from_prior(37, false, problem, world());
  const auto all = Ensemble::from_prior(37, false, sound, alone());
  double nearest = -1e9;  // in one dimension: the largest that is sound
  for (int row = 0; row < 37; ++row)
    if (all.position(row, 0) <= 0.2) nearest = std::max(nearest, all.position(row, 0));
  for (int row = 0; row < e.rows(); ++row) {
    const double z = std::min(e.position(row, 0), nearest);
    EXPECT_NEAR(e.log_likelihood(row), -0.5 * (1.0 - z) * (1.0 - z) - std::log(4.0 * M_PI), 1e-13);
  }
}

TEST(EverySamplerMpi, ImputesFromTheRowsOfAllRanks) {
  const Quiet quiet;
  const auto problem = cliff_problem(0.2, inverse::BayesProblem::OnFailure::impute);
  for (const std::string& name : names_for(problem)) {
    const auto spread = make(name, 37, 1), whole = make(name, 37, 1);
    spread->init(problem, world());
    whole->init(problem, alone());
    EXPECT_EQ(advance(*spread, problem, world(), some_steps), advance(*whole, problem, alone(), some_steps));
    EXPECT_TRUE(bytes_of(*spread, world(), "imputed") == bytes_of(*whole, alone(), "imputed")) << name;
  }
}

TEST(Samplers, FailedRunsTruncateThePosterior) {
  // Posterior N(1/2, 1/2) cut off at 0.2. With a = (0.2 - 1/2) / s, s^2 = 1/2: mean 1/2 - s phi(a) / Phi(a); the evidence is
  // N(1; 0, 2) Phi(a) sqrt(2 pi) / (4 pi).
  const Quiet quiet;
  const auto problem = cliff_problem(0.2, inverse::BayesProblem::OnFailure::reject);
  const double s = std::sqrt(0.5), a = (0.2 - 0.5) / s, phi = std::exp(-0.5 * a * a) / std::sqrt(2.0 * M_PI),
               cdf = 0.5 * std::erfc(-a / std::sqrt(2.0));
  test::Exact exact{
      {0.5 - s * phi / cdf}, math::Matrix(1, 1), std::log(cdf) - 0.25 - std::log(4.0 * M_PI * std::sqrt(2.0))};
  exact.covariance(0, 0) = s * s * (1.0 - a * phi / cdf - std::pow(phi / cdf, 2));
  RandomWalk::Params walk;
  walk.chains = 128, walk.warmup = 300, walk.draws = 500;
  EXPECT_LT(test::largest_chain_z(RandomWalk{walk}, problem, exact, 6), 4.0);
  Mala::Params langevin;
  langevin.chains = 128, langevin.warmup = 300, langevin.draws = 500;
  EXPECT_LT(test::largest_chain_z(Mala{langevin}, problem, exact, 6), 4.0);
  Smc::Params tempered;
  tempered.particles = 4000;
  const Smc::State state = test::run_to_end(Smc{tempered}, problem, test::serial(6));
  EXPECT_LT(test::largest_particle_z(state, problem, exact), 4.0);
  EXPECT_LT(std::abs(state.log_evidence - exact.log_evidence), 3.0 * state.log_evidence_standard_error);
}

TEST(Samplers, AllRunsFailingIsAnErrorNotAnEndlessRun) {
  const Quiet quiet;
  const auto problem = cliff_problem(-100.0, inverse::BayesProblem::OnFailure::reject);
  for (const std::string& name : names_for(problem)) {
    const auto sampler = make(name, 20, 1);
    sampler->init(problem, alone());
    EXPECT_THROW(advance(*sampler, problem, alone(), all_steps), core::NumericsError) << name;
  }
}

}  // namespace
}  // namespace aleator::sampler
