#include "inverse/program/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "core/error.hpp"
#include "inverse/likelihood/log_density.hpp"
#include "inverse/problem/bayes.hpp"
#include "prob/prior/normal.hpp"

namespace aleator::inverse {
namespace {

using model::Batch;

class Program : public testing::Test {
 protected:
  Program() {
    params_.parameters = {"a", "x[2]"};
    params_.folder = folder_;
  }
  ~Program() override { std::filesystem::remove_all(folder_); }
  std::size_t folders_left() const {
    if (!std::filesystem::exists(folder_)) return 0;
    const std::filesystem::directory_iterator all(folder_);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }
  // y of rows (i, i / 3, -i)
  model::RowStatus run(const Batch& y, int rows) {
    Batch u("u", rows, 3);
    for (int i = 0; i < rows; ++i) u(i, 0) = i, u(i, 1) = i / 3.0, u(i, 2) = -i;
    return ProgramModel(params_).evaluate(u, y);
  }
  const std::string folder_ = "test_program_" + std::to_string(::getpid());
  ProgramModel::Params params_;
};

TEST_F(Program, ReadsEveryDigitThatItsTemplateWrote) {
  params_.command = {"cp", "in.json", "out.json"};
  params_.input = {"template.json", R"({"values": [{a}, {x[0]}], "deep": {"last": {x[1]}}})"};
  params_.input_file = "in.json", params_.output_file = "out.json";
  params_.format = ProgramModel::Format::json, params_.pick = {"/values", "/deep/last"}, params_.outputs = 3;
  params_.concurrency = 3;
  const Batch y("y", 7, 3);
  ASSERT_TRUE(run(y, 7).ok());
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(y(i, 0), i);
    EXPECT_EQ(y(i, 1), i / 3.0);
    EXPECT_EQ(y(i, 2), -i);
  }
  EXPECT_EQ(folders_left(), 0u);
}

TEST_F(Program, ReadsColumnsAndExpressionsFromTheStandardOutput) {
  params_.output_file = "stdout.txt", params_.outputs = 2;
  params_.command = {"printf", "%s %s\\n%s 4\\n", "{a}", "{x[0]}", "{x[1]}"};
  params_.column = 1;
  const Batch y("y", 2, 2);
  ASSERT_TRUE(run(y, 2).ok());
  EXPECT_EQ(y(1, 0), 1 / 3.0);
  EXPECT_EQ(y(1, 1), 4.0);
  params_.format = ProgramModel::Format::regex, params_.pick = {"first: ([-0-9.e]+)", "then: (\\S+)"},
  params_.column = -1;
  params_.command = {"printf", "first: %s; $(id) then: %s\\n", "{a}", "{x[1]}"};  // no shell reads $(id)
  ASSERT_TRUE(run(y, 2).ok());
  EXPECT_EQ(y(1, 0), 1.0);
  EXPECT_EQ(y(1, 1), -1.0);
}

// A search that recurses once a character would run out of stack.
TEST_F(Program, FindsANumberBehindLongText) {
  params_.command = {"sh", "-c", "printf 'log '; head -c 2000000 /dev/zero | tr '\\0' 'a'; echo ' end = 4.25'"};
  params_.output_file = "stdout.txt", params_.format = ProgramModel::Format::regex, params_.outputs = 1;
  params_.pick = {"log[^=]*= ([0-9.]+)"};
  const Batch y("y", 1, 1);
  const model::RowStatus status = run(y, 1);
  ASSERT_TRUE(status.ok()) << status.failed[0].reason;
  EXPECT_EQ(y(0, 0), 4.25);
  params_.command = {"printf", "x = 1.5\\r\\ny = 2\\r\\n"}, params_.pick = {"x = (.*)"};  // lines of another system
  ASSERT_TRUE(run(y, 1).ok());
  EXPECT_EQ(y(0, 0), 1.5);
  params_.command = {"sh", "-c", "head -c 2000000 /dev/zero | tr '\\0' 'a'"};
  params_.pick = {"(a+)+[bc]"};  // no match, and a search that would never end
  EXPECT_THAT(run(y, 1).failed.at(0).reason, testing::HasSubstr("was given up"));
}

// What a program says is cut between characters.
TEST_F(Program, ItsWordsAreNotTornWithinACharacter) {
  params_.command = {"sh", "-c", "for i in $(seq 300); do printf 'é' >&2; done; printf x >&2; exit 1"};
  const Batch y("y", 1, 1);
  const std::string reason = run(y, 1).failed.at(0).reason;
  EXPECT_EQ(reason.find("…") + std::string("…").size(), reason.find("é")) << reason;
}

TEST_F(Program, ReadsMinusInfinityAndRefusesNanInTextAndJson) {
  // Row 0: a log-density of zero probability. Row 1: not a number. Row 2: a number.
  for (const bool is_json : {true, false}) {
    params_.command = {"sh", "-c", "case {a} in 0) v=-Infinity; w=-inf;; 1) v=NaN; w=nan;; *) v=2.5; w=2.5;; esac; "};
    params_.command[2] += is_json ? R"(echo "{\"NaN \\\" Infinity\": [$v]}")" : "echo $w";
    params_.output_file = "stdout.txt";
    params_.format = is_json ? ProgramModel::Format::json : ProgramModel::Format::numbers;
    params_.pick = is_json ? std::vector<std::string>{"/NaN \" Infinity"} : std::vector<std::string>{};
    const Batch y("y", 3, 1);
    const model::RowStatus status = run(y, 3);
    ASSERT_EQ(status.failed.size(), 1u) << status.failed[0].reason;
    EXPECT_EQ(status.failed[0].row, 1);
    EXPECT_NE(status.failed[0].reason.find("number 1 in stdout.txt is nan"), std::string::npos)
        << status.failed[0].reason;
    EXPECT_EQ(y(0, 0), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(y(2, 0), 2.5);
  }
}

TEST_F(Program, AFailedRowSaysWhyAndKeepsItsFolder) {
  // Row 1 alone fails: with exit code 7 and words on its standard error.
  params_.command = {"sh", "-c", "echo {a}; test {a} != 1 || { echo 'no convergence' >&2; exit 7; }"};
  params_.output_file = "stdout.txt";
  const Batch y("y", 3, 1);
  const model::RowStatus status = run(y, 3);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_EQ(status.failed[0].row, 1);
  EXPECT_NE(status.failed[0].reason.find("sh ended with exit code 7; it says: no convergence"), std::string::npos)
      << status.failed[0].reason;
  EXPECT_TRUE(std::isnan(y(1, 0)));
  EXPECT_EQ(y(2, 0), 2.0);
  EXPECT_EQ(folders_left(), 1u);
  params_.exit_codes = {0, 7};
  EXPECT_TRUE(run(y, 3).ok());
}

TEST_F(Program, AnOutputThatCannotBeReadSaysWhere) {
  const Batch y("y", 1, 1);
  params_.output_file = "stdout.txt", params_.format = ProgramModel::Format::json, params_.pick = {"/result/0"};
  const auto reason = [&](const std::string& printed) {
    params_.command = {"sh", "-c", "printf '" + printed + "'"};
    const model::RowStatus status = run(y, 1);
    return status.failed.empty() ? std::string("sound") : status.failed[0].reason;
  };
  EXPECT_EQ(reason("{\"result\": [1.5]}"), "sound");
  EXPECT_NE(reason("{\"result\":\\n [1.5\\n").find("stdout.txt is no JSON: line 3"), std::string::npos)
      << reason("{\"result\":\\n [1.5\\n");
  EXPECT_NE(reason("{\"results\": [1.5]}").find("stdout.txt has nothing at /result/0"), std::string::npos);
  EXPECT_NE(reason("{\"result\": [true]}").find("/result/0 is no number"), std::string::npos);
  params_.format = ProgramModel::Format::regex, params_.pick = {"p = (\\S+)"};
  EXPECT_NE(reason("p = 12km").find("'12km'"), std::string::npos);
  params_.format = ProgramModel::Format::json, params_.pick = {"result"};
  try {
    run(y, 1);
    FAIL();
  } catch (const deck::KeyError& error) {
    EXPECT_EQ(error.key(), "pick");
  }
}

TEST_F(Program, ALateRunIsEndedAndItsChildrenWithIt) {
  params_.command = {"sh", "-c", "sleep 30 & sleep 30"};
  params_.timeout = 0.05, params_.keep = ProgramModel::Keep::none;
  const Batch y("y", 1, 1);
  const model::RowStatus status = run(y, 1);
  ASSERT_EQ(status.failed.size(), 1u);
  EXPECT_NE(status.failed[0].reason.find("was ended after 0.05 s"), std::string::npos) << status.failed[0].reason;
  EXPECT_EQ(folders_left(), 0u);
}

// timeout(1), like mpirun, gives its programs a group of their own.
TEST_F(Program, ALateRunIsEndedWithProgramsInGroupsOfTheirOwn) {
  params_.command = {"sh", "-c", "timeout 30 sleep 30.4321 & sleep 30"};
  params_.timeout = 0.3, params_.keep = ProgramModel::Keep::none;
  const Batch y("y", 1, 1);
  EXPECT_EQ(run(y, 1).failed.size(), 1u);
  const auto is_running = [] {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "cmdline");
      std::string words;
      if (std::getline(file, words, '\0') && words.find("sleep") != std::string::npos &&
          std::getline(file, words, '\0') && words == "30.4321")
        return true;
    }
    return false;
  };
  for (int wait = 0; wait < 40 && is_running(); ++wait) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(is_running());
}

TEST_F(Program, TheEnvironmentIsHandedOnWithoutMpis) {
  ::setenv("PMIX_RANK", "3", 1);
  params_.command = {"sh", "-c", "echo ${PMIX_RANK:-5} $THREADS"};
  params_.environment = {"THREADS=2"}, params_.output_file = "stdout.txt", params_.outputs = 2;
  const Batch y("y", 1, 2);
  ASSERT_TRUE(run(y, 1).ok());
  ::unsetenv("PMIX_RANK");
  EXPECT_EQ(y(0, 0), 5.0);
  EXPECT_EQ(y(0, 1), 2.0);
}

TEST_F(Program, AFailedRowIsTriedAgainWithItsAttempt) {
  // Fails unless it is the second attempt: then the log-likelihood is -a.
  params_.parameters = {"a"};
  params_.command = {"sh", "-c", "test {attempt} = 2 && echo -{a}"};
  params_.output_file = "stdout.txt", params_.keep = ProgramModel::Keep::none;
  BayesProblem::Params params;
  params.on_failure = OnFailure::retry;
  const auto log_likelihood = [&](int retries) {
    params.retries = retries;
    const BayesProblem problem(
        params, {std::make_shared<ProgramModel>(params_), std::make_shared<prob::Normal>(prob::Normal::Params{}),
                 std::make_shared<LogDensityLikelihood>()});
    Batch z("z", 1, 1);
    z(0, 0) = 0.75;
    model::Evaluation e{model::Vector("l", 1), {}, {}};
    problem.evaluate(z, e);
    EXPECT_EQ(problem.take_failures().size(), 1u);  // listed, recovered or not
    EXPECT_EQ(problem.take_failure_counts().recovered, retries == 1 ? 0 : 1);
    return e.log_likelihood(0);
  };
  EXPECT_EQ(log_likelihood(1), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log_likelihood(2), -0.75);
}

TEST_F(Program, FoldersOfOneModelAreNotThoseOfAnother) {
  params_.command = {"echo", "{a} {a} {a}"}, params_.keep = ProgramModel::Keep::all, params_.outputs = 3;
  params_.output_file = "stdout.txt";
  const Batch y("y", 2, 3);
  ASSERT_TRUE(run(y, 2).ok());
  ASSERT_TRUE(run(y, 2).ok());
  EXPECT_EQ(folders_left(), 4u);
}

TEST_F(Program, AFolderThatCannotBeMadeIsNoFaultOfTheRow) {
  std::ofstream(folder_) << "a file";
  params_.command = {"echo", "1 2 3"}, params_.output_file = "stdout.txt", params_.outputs = 3;
  const Batch y("y", 1, 3);
  try {
    run(y, 1);
    FAIL() << "a row has failed";
  } catch (const core::NumericsError& error) {
    EXPECT_NE(std::string(error.what()).find("cannot be prepared"), std::string::npos) << error.what();
  }
}

TEST_F(Program, WrongSetUpsAreRefused) {
  params_.command = {"no_such_program_here"};
  EXPECT_THROW(ProgramModel{params_}, deck::KeyError);
  params_.command = {"echo", "{aa}"};
  EXPECT_THROW(ProgramModel{params_}, deck::KeyError);
  params_.command = {"echo", "{x[2]}"};
  EXPECT_THROW(ProgramModel{params_}, deck::KeyError);
  params_.command = {"echo"}, params_.parameters = {"a", "x[2]", "a"};
  EXPECT_THROW(ProgramModel{params_}, deck::KeyError);
  params_.parameters = {"a", "x[2]"};
  params_.command = {"echo"}, params_.format = ProgramModel::Format::regex, params_.pick = {"no group"};
  EXPECT_THROW(ProgramModel{params_}, deck::KeyError);
}

}  // namespace
}  // namespace aleator::inverse
