// summary.json from a results.h5 written here, so that every number is known.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "campaign/sampling/summary.hpp"
#include "core/error.hpp"
#include "io/files.hpp"
#include "io/results.hpp"
#include "sampler/weights.hpp"

namespace aleator::campaign {
namespace {

namespace fs = std::filesystem;
using parallel::Comm;

// One variable of 3 parameters, a constant apart from sd 1, and a single one; 13 particles of 4 ancestors.
class SummaryMpi : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = fmt::format("{}/summary_{}", fs::temp_directory_path().string(), getpid());
    world_.broadcast(folder);
    folder_ = folder;
    if (world_.is_root()) fs::create_directories(folder_);
    world_.barrier();
  }
  void TearDown() override {
    world_.barrier();
    if (world_.is_root()) fs::remove_all(folder_);
  }
  void write_particles() {
    const std::vector<io::Dimension> sample{{"chain", 1}, {"draw", particles}};
    std::vector<io::Dimension> theta = sample;
    theta.push_back({"theta_dim_0", 3});
    io::ResultsFile file = io::ResultsFile::create(world_, folder_ + "/results.h5");
    file.define("posterior", "theta", theta);
    file.define("posterior", "kappa", sample);
    file.define("sample_stats", "ancestor", sample, {io::VariableInfo::Type::integer});
    file.commit_layout();
    std::vector<double> values, kappa;
    std::vector<std::int64_t> ancestors;
    for (int i = 0; i < particles; ++i) {
      for (int k = 0; k < 3; ++k) values.push_back(100.0 * k + i);
      kappa.push_back(-1.0 * i);
      ancestors.push_back(i / 4);
    }
    file.write("posterior", "theta", values);
    file.write("posterior", "kappa", kappa);
    file.write("sample_stats", "ancestor", ancestors);
  }
  static constexpr int particles = 13;
  const std::vector<prob::Variable> variables_{{"theta", 3}, {"kappa", 1}};
  const Comm world_ = Comm::world();
  std::string folder_;
};

TEST_F(SummaryMpi, EveryParameterIsSummarisedUnderItsNameOnEveryRank) {
  write_particles();
  const auto rows = summarise_parameters(world_, folder_, variables_, sampler::Plan::Kind::particles);
  ASSERT_EQ(rows.size(), 4U);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(rows[k].name, fmt::format("theta[{}]", k));
    EXPECT_DOUBLE_EQ(rows[k].summary.mean, 100.0 * k + 6.0);
    EXPECT_NEAR(rows[k].summary.q50, 100.0 * k + 6.0, 0.51);  // 0, 1, …, 12: whichever convention of quantiles
  }
  EXPECT_EQ(rows[3].name, "kappa");
  EXPECT_DOUBLE_EQ(rows[3].summary.mean, -6.0);
}

// 0, 1, …, 12 in families {0..3}, {4..7}, {8..11}, {12}: sums of deviations from 6 are -18, -2, 14, 6; their squares add to 560.
// Families of 4, 4, 4, 1: S = 49 / 169, and sum w^2 (1 - 2 w + S) = (48 (1 - 8 / 13 + S) + 1 - 2 / 13 + S) / 169.
TEST_F(SummaryMpi, ParticlesOfOneAncestorCountTogetherInTheStandardError) {
  write_particles();
  const auto rows = summarise_parameters(world_, folder_, variables_, sampler::Plan::Kind::particles);
  const double s = 49.0 / 169.0, expected = (48.0 * (1.0 - 8.0 / 13.0 + s) + 1.0 - 2.0 / 13.0 + s) / 169.0;
  EXPECT_NEAR(rows[0].summary.mcse, std::sqrt(560.0 * s / expected) / 13.0, 1e-12);
  EXPECT_LT(rows[0].summary.ess_bulk, 13.0 / 2.0);  // far fewer than the particles
}

// One ancestor of all: its family's mean is the mean, and nothing is known of the error but that it is at most a particle's.
TEST(Summary, ParticlesOfASingleAncestorAreWorthOne) {
  const std::vector<double> values = {1.0, 2.0, 3.0, 6.0};
  const prob::ScalarSummary one = summarise_members(values.data(), 4, 1, {7, 7, 7, 7});
  EXPECT_DOUBLE_EQ(one.mcse, one.sd);
  EXPECT_DOUBLE_EQ(one.ess_bulk, 1.0);
  EXPECT_DOUBLE_EQ(sampler::effective_ancestors({7, 7, 7, 7}), 1.0);
  EXPECT_DOUBLE_EQ(sampler::effective_ancestors({1, 2, 3, 3}), 16.0 / 6.0);
  EXPECT_TRUE(std::isnan(sampler::effective_ancestors({})));
}

// Values 1, 2, 3, 6 deviate by -2, -1, 0, 3 from their mean.
TEST(Summary, MembersThatHaveMovedTheMeanCountByWhatTheyHaveMoved) {
  const std::vector<double> values = {1.0, 2.0, 3.0, 6.0};
  const prob::ScalarSummary plain = summarise_members(values.data(), 4, 1, {}, {1.0, 1.0, 1.0, 1.0});
  EXPECT_NEAR(plain.mcse, std::sqrt(14.0) / 4.0, 1e-15);
  const prob::ScalarSummary moved = summarise_members(values.data(), 4, 1, {}, {1.0, 3.0, 9.0, -0.5});
  EXPECT_NEAR(moved.mcse, std::sqrt(4.0 + 9.0 + 2.25) / 4.0, 1e-15);
  EXPECT_NEAR(moved.ess_bulk, std::min(4.0, moved.sd * moved.sd / (moved.mcse * moved.mcse)), 1e-12);
  EXPECT_DOUBLE_EQ(summarise_members(values.data(), 4, 1, {}, {9.0, 9.0, 9.0, 9.0}).ess_bulk, 1.0);
}

NamedSummary row_of(const std::string& name, double mean, double ess, double rhat) {
  prob::ScalarSummary s{};
  s.mean = mean, s.sd = 1.0, s.mcse = 0.1, s.ess_bulk = ess, s.ess_tail = ess + 1.0, s.rhat = rhat;
  return {name, s};
}

RunFacts chain_facts() {
  RunFacts facts;
  facts.sampler = "chains", facts.component = "sampler/mala";
  facts.plan = {sampler::Plan::Kind::chains, 4, 100, true};
  facts.model_evaluations = 1000, facts.wall_time_seconds = 2.0, facts.acceptance = 0.5;
  facts.log_evidence = facts.log_evidence_standard_error = std::nan("");
  return facts;
}

TEST(Summary, TheWorstParameterCounts) {
  const auto json = nlohmann::json::parse(summary_json(
      chain_facts(), {row_of("a", 1.0, 300.0, 1.01), row_of("b", 2.0, 50.0, 1.2), row_of("c", 3.0, 90.0, 1.1)}, {}));
  EXPECT_EQ(json.at("ess_min"), 50.0);
  EXPECT_EQ(json.at("rhat_max"), 1.2);
  EXPECT_EQ(json.at("ess_per_evaluation"), 0.05);
  EXPECT_EQ(json.at("ess_per_second"), 25.0);
}

TEST(Summary, WhatIsNotKnownIsNull) {
  const auto json = nlohmann::json::parse(summary_json(chain_facts(), {row_of("a", 1.0, 300.0, std::nan(""))}, {}));
  EXPECT_TRUE(json.at("log_evidence").is_null());
  EXPECT_TRUE(json.at("error").is_null());
  EXPECT_TRUE(json.at("parameters").at("a").at("rhat").is_null());
}

// Chains that never moved have no R-hat and no effective sample size: neither 0 nor infinity.
TEST(Summary, WhatIsDefinedForNoParameterIsNotTheBest) {
  const std::vector<NamedSummary> rows{row_of("a", 1.0, std::nan(""), std::nan(""))};
  const auto json = nlohmann::json::parse(summary_json(chain_facts(), rows, {}));
  EXPECT_TRUE(json.at("rhat_max").is_null());
  EXPECT_TRUE(json.at("ess_min").is_null());
  EXPECT_THAT(summary_text(chain_facts(), rows, {}),
              testing::HasSubstr("largest R-hat nan (defined for no parameter)"));
}

TEST(Summary, TheEvidenceComesWithItsStandardError) {
  RunFacts facts = chain_facts();
  facts.plan.kind = sampler::Plan::Kind::particles;
  facts.log_evidence = -14.5, facts.log_evidence_standard_error = 0.25;
  const std::vector<NamedSummary> rows{row_of("a", 1.0, 300.0, std::nan(""))};
  const auto json = nlohmann::json::parse(summary_json(facts, rows, {}));
  EXPECT_EQ(json.at("log_evidence").at("value"), -14.5);
  EXPECT_EQ(json.at("log_evidence").at("standard_error"), 0.25);
  EXPECT_THAT(summary_text(facts, rows, {}), testing::HasSubstr("log evidence -14.5 +- 0.25"));
  facts.log_evidence_standard_error = std::nan("");
  EXPECT_THAT(summary_text(facts, rows, {}), testing::EndsWith("log evidence -14.5"));
}

TEST(Summary, DivergencesAreCounted) {
  RunFacts facts = chain_facts();
  const std::vector<NamedSummary> rows{row_of("a", 1.0, 300.0, 1.06)};
  EXPECT_FALSE(nlohmann::json::parse(summary_json(facts, rows, {})).contains("divergences"));
  facts.divergences = 7.0;
  EXPECT_EQ(nlohmann::json::parse(summary_json(facts, rows, {})).at("divergences"), 7);
  EXPECT_THAT(summary_text(facts, rows, {}),
              testing::HasSubstr("largest R-hat 1.0600 (a: not converged); 7 divergences"));
}

TEST(Summary, IsReadAsItWasWritten) {
  const std::string path = testing::TempDir() + "/summary_" + std::to_string(getpid()) + ".json";
  RunFacts facts = chain_facts();
  facts.deck = "parameters";  // a value that is called like the table
  const std::vector<NamedSummary> rows{row_of("say \"a\"", 1.0, 300.0, std::nan("")), row_of("b", 0.1, 2.0, 1.5)};
  for (const auto& some : {rows, std::vector<NamedSummary>()}) {
    io::atomic_write_text(path, summary_json(facts, some, {}));
    const SamplingSummary read = read_sampling_summary(path);
    EXPECT_EQ(read.facts.at("deck"), "parameters");
    EXPECT_TRUE(read.facts.at("parameters").empty());
    ASSERT_EQ(read.rows.size(), some.size());
    for (std::size_t k = 0; k < some.size(); ++k) {
      EXPECT_EQ(read.rows[k].name, some[k].name);
      EXPECT_EQ(read.rows[k].summary.mean, some[k].summary.mean);
      EXPECT_EQ(read.rows[k].summary.ess_bulk, some[k].summary.ess_bulk);
    }
  }
  EXPECT_TRUE(std::isnan(row_of("a", 1.0, 300.0, std::nan("")).summary.rhat));
  io::atomic_write_text(path, "{");
  EXPECT_THROW(read_sampling_summary(path), core::UserError);
}

// (1.1 / 1 - 1)^2 + (1 / 2 - 1)^2
TEST(Summary, TheErrorIsThatOfAristoffAndBangerth) {
  const std::vector<NamedSummary> rows{row_of("a", 1.1, 1.0, 1.0), row_of("b", 1.0, 1.0, 1.0)};
  EXPECT_NEAR(relative_squared_error(rows, {1.0, 2.0}), 0.26, 1e-15);
  EXPECT_TRUE(std::isnan(relative_squared_error(rows, {})));
}

}  // namespace
}  // namespace aleator::campaign
