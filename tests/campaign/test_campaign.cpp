// Campaigns: which runs a deck asks for, what their summaries say, and whether replicates agree with their errors.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "campaign/register_all.hpp"
#include "campaign/sweep/campaign_plan.hpp"
#include "campaign/sweep/campaign_results.hpp"
#include "campaign/sweep/model_evidence.hpp"
#include "campaign/sweep/run_claims.hpp"
#include "kernels/random.hpp"

namespace aleator::campaign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::vector<PlannedRun> plan(const std::string& campaign) {
  static const deck::Registry registry = register_all();
  const std::string text = "[run]\nseed = 5\n[prior.x]\ntype = \"prior/normal\"\n" + campaign;
  return plan_runs(
      deck::Deck("deck.toml", registry, {}, [&](const std::string&) -> std::optional<std::string> { return text; }));
}

TEST(CampaignPlan, SettingsAreAllCombinationsAndReplicatesHaveSeedsOfTheirOwn) {
  const std::vector<PlannedRun> runs = plan(
      "[campaign]\nreplicates = 2\n[campaign.vary]\nprior.x.sd = [1.5, [1, 2], \"a.txt\"]\n\"prior.x.dimension\" = [2, "
      "3]\n");
  ASSERT_EQ(runs.size(), 12U);
  EXPECT_EQ(runs[0].name, "001");
  EXPECT_EQ(runs[11].name, "012");
  EXPECT_THAT(runs[7].values, ElementsAre(Pair("prior.x.sd", "[1, 2]"), Pair("prior.x.dimension", "3")));
  EXPECT_EQ(runs[7].setting, 3);
  EXPECT_EQ(runs[6].seed, 5);
  EXPECT_EQ(runs[7].seed, 6);
  EXPECT_THAT(runs[7].overrides, testing::IsSupersetOf({"run.seed=6", "prior.x.sd=[1, 2]", "prior.x.dimension=3"}));
  EXPECT_EQ(runs[8].words(true), "sd = \"a.txt\", dimension = 2, seed 5");
}

TEST(CampaignPlan, GoesInStepWhereAskedTo) {
  const std::vector<PlannedRun> runs =
      plan("[campaign]\ncombine = \"in_step\"\nvary = {run.seed = [8, 9], prior.x.dimension = [2, 3]}\n");
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_THAT(runs[1].values, ElementsAre(Pair("run.seed", "9"), Pair("prior.x.dimension", "3")));
  EXPECT_EQ(runs[1].seed, 9);
}

TEST(CampaignPlan, RefusesWhatContradictsItself) {
  for (const auto& [campaign, words] : std::vector<std::pair<std::string, std::string>>{
           {"vary = {prior.x.sd = [1], \"prior.x.sd\" = [2]}", "prior.x.sd"},
           {"vary = {campaign.replicates = [1, 2]}", "cannot vary the campaign itself"},
           {"replicates = 2\nvary = {run.seed = [1]}", "leave one of them out"},
           {"combine = \"in_step\"\nvary = {prior.x.sd = [1], prior.x.dimension = [2, 3]}", "cannot go in step"},
           {"vary = {prior.x.sd = 1}", "a list of the values to take"},
           {"vary = {prior.x.sd = []}", "a list of the values to take"},
           {"replicates = 0", "replicates = 0 is not allowed"}})
    try {
      plan("[campaign]\n" + campaign + "\n");
      ADD_FAILURE() << campaign;
    } catch (const core::UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
}

TEST(CampaignResults, TakeEveryNumberOfASummaryAndItsError) {
  const std::vector<Quantity> found = quantities_of(
      R"({"deck": "1a", "draws": 10, "rhat": null, "log_evidence": {"value": -3.5, "standard_error": 0.25},
          "parameters": {"x": {"mean": 1.5, "mcse": 0.125, "sd": 2.0}}, "list": [1, 2], "alone": {"mean": 4.0}})",
      "compare.smc");
  std::vector<std::string> text;
  for (const Quantity& q : found) text.push_back(fmt::format("{} {} {}", q.name, q.value, q.error));
  EXPECT_THAT(text, ElementsAre("compare.smc.draws 10 nan", "compare.smc.log_evidence -3.5 0.25",
                                "compare.smc.parameters.x 1.5 0.125", "compare.smc.parameters.x.sd 2 nan",
                                "compare.smc.alone.mean 4 nan"));
  EXPECT_THROW(quantities_of("{\"a\": ", ""), core::UserError);
}

// Runs of a setting whose quantities are normal with sd `spread` and state the error 1; `shared`: all of a run alike.
Agreement agreement_with(std::uint64_t seed, int replicates, double spread, bool shared) {
  const kernels::Rng rng(seed);
  std::vector<CampaignRun> runs(static_cast<std::size_t>(replicates));
  for (std::size_t r = 0; r < runs.size(); ++r) {
    double noise[3];
    rng.row_of_normals({kernels::Purpose::test, 0}, static_cast<std::int64_t>(r), noise, 3);
    for (int q = 0; q < 3; ++q) runs[r].add({fmt::format("q{}", q), 10.0 + spread * noise[shared ? 0 : q], 1.0});
  }
  std::vector<const CampaignRun*> all;
  for (const CampaignRun& run : runs) all.push_back(&run);
  return agreement_of(spreads(all));
}

// Samplers whose errors are far too large do not hide one whose errors are too small.
TEST(CampaignResults, EachSamplerIsJudgedByItself) {
  std::vector<CampaignRun> runs(8);
  for (std::size_t r = 0; r < runs.size(); ++r) {
    const double off = r % 2 == 0 ? 1.0 : -1.0;
    for (int q = 0; q < 9; ++q) runs[r].add({fmt::format("parameters.q{}", q), 0.01 * off, 1.0});
    runs[r].add({"compare.eki.parameters.q0", 2.5 * off, 1.0});
  }
  std::vector<const CampaignRun*> all;
  for (const CampaignRun& run : runs) all.push_back(&run);
  const Agreement agreement = agreement_of(spreads(all));
  EXPECT_EQ(agreement.method, "compare.eki");
  EXPECT_NEAR(agreement.ratio, 2.5 * std::sqrt(8.0 / 7.0), 1e-12);
  EXPECT_LT(agreement.p_value, 1e-6);
}

TEST(CampaignResults, ReplicatesAgreeWithHonestErrorsAndNotWithErrorsThatAreTooSmall) {
  constexpr int campaigns = 400;
  for (const bool shared : {false, true}) {
    int refused = 0, seen = 0;
    for (std::uint64_t i = 0; i < campaigns; ++i) {
      const Agreement honest = agreement_with(i, 5, 1.0, shared), bad = agreement_with(i, 5, 4.0, shared);
      refused += honest.p_value < 0.05 ? 1 : 0, seen += bad.p_value < 0.05 ? 1 : 0;
      EXPECT_EQ(honest.runs, 5);
    }
    // 5 % of the campaigns at most, with three standard errors; exactly so where the quantities are one.
    EXPECT_LE(refused, campaigns * 0.05 + 3.0 * std::sqrt(campaigns * 0.05));
    if (shared) {
      EXPECT_GE(refused, campaigns * 0.05 - 3.0 * std::sqrt(campaigns * 0.05));
    }
    EXPECT_GT(seen, campaigns * 0.9);
  }
}

TEST(CampaignResults, SpreadIsThatOfTheRuns) {
  CampaignRun one, two, other;
  one.add({"x", 1.0, 3.0}), one.add({"only", 1.0}), two.add({"x", 2.0, 4.0});
  const std::vector<Spread> found = spreads({&one, &two, &other});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].runs, 2);
  EXPECT_DOUBLE_EQ(found[0].mean, 1.5);
  EXPECT_DOUBLE_EQ(found[0].sd, std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(found[0].stated, std::sqrt(12.5));
  EXPECT_TRUE(spreads({&one}).empty());
}

CampaignRun run_with(int setting, const std::string& value, const std::vector<Quantity>& quantities) {
  CampaignRun run;
  run.plan.setting = setting, run.plan.values = {{"job.fit.problem", value}};
  for (const Quantity& quantity : quantities) run.add(quantity);
  return run;
}

TEST(CampaignResults, EvidencesOfSettingsMakeProbabilitiesOfModels) {
  const CampaignRun line_1 = run_with(0, "\"line\"", {{"log_evidence", -10.0, 0.1}, {"ess_min", 7.0}}),
                    line_2 = run_with(0, "\"line\"", {{"log_evidence", -10.6, 0.1}}),
                    curve = run_with(1, "\"curve\"", {{"log_evidence", -8.3, 0.2}}),
                    // the same posterior once more, by a sampler to compare with
      other = run_with(2, "\"none\"", {{"compare.smc.log_evidence", 0.0, 0.1}});
  const std::vector<ModelEvidence> models = compare_evidence({&line_1, &line_2, &curve, &other});
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].name, "problem = \"curve\"");
  EXPECT_EQ(models[1].runs, 2);
  EXPECT_DOUBLE_EQ(models[1].log_evidence, -10.3);
  EXPECT_DOUBLE_EQ(models[1].standard_error, std::sqrt(0.18 / 2.0));  // the spread, larger than what the runs state
  EXPECT_DOUBLE_EQ(models[0].standard_error, 0.2);
  EXPECT_DOUBLE_EQ(models[1].log_bayes_factor, -2.0);
  EXPECT_DOUBLE_EQ(models[0].probability, 1.0 / (1.0 + std::exp(-2.0)));
  EXPECT_DOUBLE_EQ(models[0].probability + models[1].probability, 1.0);
  EXPECT_EQ(undecided_rival(models), 0U);  // 2 of an error of 0.36
  EXPECT_TRUE(compare_evidence({&curve, &other}).empty());
}

TEST(CampaignResults, EvidencesOfJobsAreComparedAndUndecidedWithinTheirErrors) {
  const CampaignRun both = run_with(0, "1", {{"a.log_evidence", -4.0, 0.5}, {"b.log_evidence", -3.0, 0.5}}),
                    silent = run_with(1, "2", {{"a.log_evidence", -90.0}});
  const std::vector<ModelEvidence> models = compare_evidence({&both, &silent});
  ASSERT_EQ(models.size(), 3U);
  EXPECT_EQ(models[0].name, "problem = 1, b");
  EXPECT_EQ(models[2].name, "problem = 2, a");
  EXPECT_EQ(undecided_rival(models), 1U);                  // 1 of an error of 0.71
  EXPECT_EQ(undecided_rival({models[0], models[2]}), 1U);  // no error is stated
  EXPECT_TRUE(compare_evidence({&both}, {"b"}).empty());   // b has the problem of a
  EXPECT_TRUE(std::isnan(models[2].standard_error));
}

// Runs that differ in what samples them are of one model, and of different data of none.
TEST(CampaignResults, OnlyKeysOfTheModelMakeModels) {
  const auto run_of = [](const std::string& key, const std::string& value, double evidence) {
    CampaignRun run;
    run.plan.values = {{"job.fit.problem", "\"line\""}, {key, value}};
    run.add({"log_evidence", evidence, 0.1});
    return run;
  };
  const CampaignRun few = run_of("sampler.smc.particles", "64", -3.0),
                    many = run_of("sampler.smc.particles", "128", -3.2), wide = run_of("prior.p.sd", "9.0", -5.0),
                    other = run_of("likelihood.l.data", "\"b.csv\"", -1.0);
  EXPECT_TRUE(compare_evidence({&few, &many}).empty());
  const std::vector<ModelEvidence> models = compare_evidence({&few, &many, &wide});
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].runs, 2);
  EXPECT_DOUBLE_EQ(models[0].log_evidence, -3.1);
  EXPECT_TRUE(compare_evidence({&few, &wide, &other}).empty());
}

class Claims : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }
  const std::string folder_ = (std::filesystem::temp_directory_path() / fmt::format("claims_{}", getpid())).string();
};

TEST_F(Claims, OneCallerGetsARunAndTheNextSessionAllAnew) {
  const parallel::Comm self = parallel::Comm::self();
  for (int session = 0; session < 2; ++session) {
    const RunClaims claims(self, folder_);
    EXPECT_TRUE(claims.claim("001"));
    EXPECT_FALSE(claims.claim("001"));
    EXPECT_TRUE(claims.claim("002"));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/runs/.claims/001"));
}

TEST_F(Claims, StateOfARunIsKept) {
  EXPECT_EQ(read_state(folder_).status, "not run");
  write_state(folder_, {"failed", "a \"quoted\" reason\nin two lines", "0123", 2.5, 3, 4});
  const RunState state = read_state(folder_);
  EXPECT_EQ(state.status, "failed");
  EXPECT_EQ(state.message, "a \"quoted\" reason\nin two lines");
  EXPECT_EQ(state.seconds, 2.5);
  EXPECT_EQ(state.group, 3);
  EXPECT_EQ(state.ranks, 4);
}

}  // namespace
}  // namespace aleator::campaign
