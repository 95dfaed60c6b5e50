// The numbers of a run on its way: thinned, complete, and the same after a checkpoint.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "campaign/run/history.hpp"

namespace aleator::campaign {
namespace {

sampler::StepInfo step_at(double progress, std::vector<std::pair<std::string, double>> numbers) {
  sampler::StepInfo info;
  info.progress = progress;
  info.numbers = std::move(numbers);
  return info;
}

// 20 steps; "scale" comes in at the eleventh.
History twenty_steps() {
  History history;
  sampler::BaseState state;
  for (int i = 0; i < 20; ++i) {
    state.iteration = i + 1, state.model_evaluations = 10 * (i + 1);
    auto info = step_at((i + 1) / 20.0, {{"acceptance", 0.5 + i}});
    if (i >= 10) info.numbers.emplace_back("scale", -1.0 * i);
    history.add(info, state);
  }
  return history;
}

TEST(History, KeepsAboutAThousandRecordsOfALongRun) {
  History history;
  sampler::BaseState state;
  for (int i = 0; i < 100000; ++i) {
    state.iteration = i;
    history.add(step_at(i / 100000.0, {{"acceptance", 0.5}}), state);
  }
  EXPECT_LE(history.iteration.size(), 1050U);  // the first 50 and one for each thousandth
  EXPECT_GE(history.iteration.size(), 900U);   // not thinned twice
  EXPECT_GT(history.iteration.back(), 99000.0);
}

// Tempering begins at exponents far below those that its progress can tell from 0.
TEST(History, KeepsTheFirstStepsThoughTheyHardlyAdvance) {
  History history;
  sampler::BaseState state;
  for (int i = 0; i < 30; ++i) {
    state.iteration = i + 1;
    history.add(step_at(0.0, {{"temper", std::pow(10.0, i - 40)}}), state);
  }
  ASSERT_EQ(history.values.at(0).size(), 30U);
  EXPECT_EQ(history.values[0][29], std::pow(10.0, -11));
}

TEST(History, ANumberThatComesLateIsUndefinedBefore) {
  const History history = twenty_steps();
  ASSERT_EQ(history.names, (std::vector<std::string>{"acceptance", "scale"}));
  ASSERT_EQ(history.values[1].size(), 20U);
  EXPECT_TRUE(std::isnan(history.values[1][9]));
  EXPECT_EQ(history.values[1][10], -10.0);
  const auto json = nlohmann::json::parse(history.json());
  EXPECT_TRUE(json.at("scale")[9].is_null());
  EXPECT_EQ(json.at("model_evaluations")[19], 200.0);
}

TEST(History, ACheckpointBringsBackTheSameText) {
  const std::string path = fmt::format("{}/history_{}.h5", std::filesystem::temp_directory_path().string(), getpid());
  History saved = twenty_steps(), loaded;
  io::ArchiveWriter writer(parallel::Comm::self(), path);
  saved.fields(writer);
  writer.commit();
  io::ArchiveReader reader(parallel::Comm::self(), path);
  loaded.fields(reader);
  std::filesystem::remove(path);
  EXPECT_EQ(loaded.json(), saved.json());
  EXPECT_EQ(loaded.last_progress, saved.last_progress);  // the thinning goes on where it was
}

}  // namespace
}  // namespace aleator::campaign
