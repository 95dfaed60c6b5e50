// Rows of parameters: drawn alike on any number of ranks, run with failures counted, summarised exactly.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "campaign/register_all.hpp"
#include "campaign/rows/rows.hpp"
#include "campaign/rows/sensitivity.hpp"
#include "campaign/rows/simulate_job.hpp"
#include "core/error.hpp"
#include "pde/diffusion/diffusion.hpp"
#include "prob/prior/normal.hpp"
#include "prob/prior/product.hpp"

namespace aleator::campaign {
namespace {

// y = (u, u^2); fails below -1, overflows to infinity above 10 without noticing.
class SquareModel : public model::ForwardModel {
 public:
  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override {
    model::RowStatus status;
    evaluated += u.extent(0);
    if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    for (std::size_t row = 0; row < u.extent(0); ++row) {
      y(row, 0) = u(row, 0), y(row, 1) = u(row, 0) > 10 ? INFINITY : u(row, 0) * u(row, 0);
      if (u(row, 0) < -1) status.failed.push_back({static_cast<int>(row), "u is\nbelow -1"});
    }
    return status;
  }
  // From the second attempt on it works everywhere.
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override {
    if (attempt < 2) return evaluate(u, y);
    for (std::size_t row = 0; row < u.extent(0); ++row) y(row, 0) = u(row, 0), y(row, 1) = u(row, 0) * u(row, 0);
    return {};
  }

  mutable std::size_t evaluated = 0;
  double seconds = 0.0;  // a call takes

 private:
  model::Shape shape_{1, 2, {"u"}, {"u", "square"}, {}};
};

// A prior on 2 x 1 cells of a 4 x 3 rectangle.
class FieldPrior : public prob::Normal {
 public:
  explicit FieldPrior(int dimension) : prob::Normal({dimension, {0.0}, {1.0}, {}}) {}
  std::vector<int> grid() const override { return {2, 1}; }
  std::vector<double> lengths() const override { return {4.0, 3.0}; }
};

struct TestJob {
  explicit TestJob(const parallel::Comm& comm, const std::string& folder = "", const RunSettings& run = {})
      : settings(run), watch(comm, settings), context{comm, settings, watch, folder, "deck"} {}
  RunSettings settings;
  StopWatch watch;
  JobContext context;
};

kernels::Batch rows_of(const std::vector<double>& values, const parallel::RowLayout& layout) {
  return table_rows({values.size(), 1, values}, layout);
}

TEST(RowsMpi, DrawsDoNotDependOnTheRanks) {
  const prob::Normal prior({3, {1.0}, {2.0}, {}});
  const parallel::Comm world = parallel::Comm::world();
  const parallel::RowLayout shared(701, world), whole(701, 0, 1);
  const kernels::Rng rng(5);
  const kernels::Stream stream{kernels::Purpose::prior_sample};
  const kernels::Batch mine = draw_rows(prior, rng, stream, shared), all = draw_rows(prior, rng, stream, whole);
  for (int row = 0; row < shared.local_rows(); ++row)
    for (int k = 0; k < 3; ++k) EXPECT_EQ(mine(row, k), all(static_cast<std::size_t>(shared.first() + row), k));
}

// The values 0, 1, …, 100 have mean 50, sd sqrt(101 * 102 / 12), 5 % quantile 5; a NaN is left out.
TEST(RowsMpi, StatisticsAreThoseOfTheFiniteValues) {
  const parallel::Comm world = parallel::Comm::world();
  const parallel::RowLayout layout(102, world);
  kernels::Batch columns("columns", layout.local_rows(), 2);
  for (int row = 0; row < layout.local_rows(); ++row) {
    const auto i = static_cast<double>(layout.first() + row);
    columns(row, 0) = i < 101 ? i : std::nan("");
    columns(row, 1) = 7.0;
  }
  const std::vector<NamedSummary> rows = summarise_columns(world, layout, columns, {"count", "constant"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "count");
  const double sd = std::sqrt(101.0 * 102.0 / 12.0);
  EXPECT_NEAR(rows[0].summary.mean, 50.0, 1e-12);
  EXPECT_NEAR(rows[0].summary.sd, sd, 1e-12);
  EXPECT_NEAR(rows[0].summary.mcse, sd / std::sqrt(101.0), 1e-12);
  EXPECT_NEAR(rows[0].summary.q05, 5.0, 1e-9);
  EXPECT_NEAR(rows[0].summary.q50, 50.0, 1e-9);
  EXPECT_NEAR(rows[0].summary.q95, 95.0, 1e-9);
  EXPECT_EQ(rows[1].summary.mean, 7.0);
  EXPECT_NEAR(rows[1].summary.sd, 0.0, 1e-14);
}

TEST(Rows, OneValueHasNoStandardDeviation) {
  const parallel::RowLayout layout(1, 0, 1);
  const auto rows = summarise_columns(parallel::Comm::self(), layout, rows_of({3.0}, layout), {"x"});
  EXPECT_EQ(rows[0].summary.mean, 3.0);
  EXPECT_TRUE(std::isnan(rows[0].summary.sd));
  const auto json = nlohmann::json::parse(statistics_json(rows));
  EXPECT_TRUE(json.at("x").at("sd").is_null());
  EXPECT_TRUE(json.at("x").at("standard_error").is_null());
}

// Rows 1 and 3 fail, one by the model's word, one by an infinite output; the others are as without them.
TEST(RowsMpi, FailedRowsAreCountedAndHaveNoOutputs) {
  TestJob run(parallel::Comm::world());
  const parallel::RowLayout layout(5, run.context.comm);
  RowResults results;
  const SquareModel model;
  const kernels::Batch u = rows_of({0.5, -2.0, 3.0, 11.0, 4.0}, layout);
  ASSERT_TRUE(run_rows(run.context, model_at(model, "model 'square'", u), layout, {OnRowFailure::reject, 2}, results));
  EXPECT_EQ(results.failed, 2);
  for (int row = 0; row < layout.local_rows(); ++row) {
    const std::int64_t global = layout.first() + row;
    const std::string& reason = results.reasons[static_cast<std::size_t>(row)];
    if (global == 1 || global == 3) {
      EXPECT_EQ(reason, global == 1 ? "u is below -1" : "the outputs are not finite");
      EXPECT_TRUE(std::isnan(results.values(row, 0)) && std::isnan(results.values(row, 1)));
    } else {
      EXPECT_EQ(reason, "");
      EXPECT_EQ(results.values(row, 1), u(row, 0) * u(row, 0));
    }
  }
}

TEST(RowsMpi, AFailedRowStopsTheRunWhereThatIsWanted) {
  TestJob run(parallel::Comm::world());
  const parallel::RowLayout layout(5, run.context.comm);
  RowResults results;
  const SquareModel model;
  try {
    run_rows(run.context, model_at(model, "model 'square'", rows_of({1, 2, 3, -4, 5}, layout)), layout,
             {OnRowFailure::stop, 2}, results);
    FAIL() << "the run went on";
  } catch (const core::NumericsError& error) {  // on every rank
    EXPECT_THAT(error.what(), testing::HasSubstr("model 'square' failed at row 3, u = -4: u is below -1"));
  }
}

// Only the rows that failed are computed again, as often as the policy says.
TEST(RowsMpi, FailedRowsAreComputedAgainWhereThatIsWanted) {
  TestJob run(parallel::Comm::world());
  const parallel::RowLayout layout(5, run.context.comm);
  const kernels::Batch u = rows_of({0.5, -2.0, 3.0, 11.0, 4.0}, layout);
  for (const int retries : {1, 2}) {
    const SquareModel model;
    RowResults results;
    ASSERT_TRUE(
        run_rows(run.context, model_at(model, "model 'square'", u), layout, {OnRowFailure::retry, retries}, results));
    EXPECT_EQ(results.failed, retries == 1 ? 2 : 0);
    EXPECT_EQ(run.context.comm.sum(static_cast<std::int64_t>(model.evaluated)), 5 + 2);
    for (int row = 0; row < layout.local_rows() && retries == 2; ++row)
      EXPECT_EQ(results.values(row, 1), u(row, 0) * u(row, 0));
  }
}

// Stopped on all ranks and resumed on one: the rows that were done are not computed again, and nothing differs.
TEST(RowsMpi, AStoppedRunGoesOnFromItsCheckpointToTheSameNumbers) {
  const parallel::Comm world = parallel::Comm::world();
  std::string folder = fmt::format("{}/rows_{}", std::filesystem::temp_directory_path().string(), getpid());
  world.broadcast(folder);
  if (world.is_root()) std::filesystem::create_directories(folder);
  world.barrier();
  constexpr int rows = 4000;
  std::vector<double> values(rows);
  for (int row = 0; row < rows; ++row) values[static_cast<std::size_t>(row)] = row % 100 == 7 ? -2.0 : 1e-3 * row;
  RunSettings short_of_time;
  short_of_time.wall_time_minutes = 0.2 / 60, short_of_time.stop_margin_minutes = 0.0;
  {
    TestJob run(world, folder, short_of_time);
    const parallel::RowLayout layout(rows, world);
    SquareModel slow;
    slow.seconds = 0.15;
    RowResults results;
    EXPECT_FALSE(run_rows(run.context, model_at(slow, "model 'square'", rows_of(values, layout)), layout, {}, results));
  }
  world.barrier();
  const parallel::RowLayout all(rows, 0, 1);
  RunSettings patient;
  TestJob run(parallel::Comm::self(), folder, patient);
  const SquareModel model;
  RowResults results;
  ASSERT_TRUE(run_rows(run.context, model_at(model, "model 'square'", rows_of(values, all)), all, {}, results));
  EXPECT_LT(model.evaluated, static_cast<std::size_t>(rows));
  EXPECT_GT(model.evaluated, 0u);
  EXPECT_EQ(results.failed, 40);
  for (int row = 0; row < rows; ++row) {
    const double u = values[static_cast<std::size_t>(row)];
    EXPECT_EQ(results.reasons[static_cast<std::size_t>(row)], u < -1 ? "u is below -1" : "");
    if (u >= -1) {
      EXPECT_EQ(results.values(row, 1), u * u);
    }
  }
  TestJob other(parallel::Comm::self(), folder, patient);
  other.context.fingerprint = "another deck";
  EXPECT_THROW(run_rows(other.context, model_at(model, "model 'square'", rows_of(values, all)), all, {}, results),
               core::UserError);
  world.barrier();
  if (world.is_root()) std::filesystem::remove_all(folder);
}

TEST(Rows, PartsOfAProductThatHaveAGridAreFields) {
  const prob::Product product({{"scale", std::make_shared<prob::Normal>(prob::Normal::Params{3, {0.0}, {1.0}, {}})},
                               {"map", std::make_shared<FieldPrior>(2)}});
  const std::vector<prob::FieldPart> parts = prob::field_parts(product, "both");
  ASSERT_EQ(parts.size(), 1u);
  const double u[] = {7, 8, 9, 1, 2};
  const io::Field field = picture_of(parts[0], parts[0].name, u);
  EXPECT_EQ(field.name, "map");
  EXPECT_EQ(field.cells, (std::vector<int>{2, 1}));
  EXPECT_EQ(field.values, (std::vector<double>{1, 2}));
}

TEST(Rows, PriorsWithAGridAreFieldsInCellsOrAtNodes) {
  const double values[] = {1, 2, 3, 4, 5, 6};
  const auto field = [](const FieldPrior& prior, const char* name, const double* u) {
    return campaign::picture_of(prob::field_parts(prior, name).at(0), name, u);
  };
  const io::Field cells = field(FieldPrior(2), "a", values);
  EXPECT_FALSE(cells.is_at_nodes);
  EXPECT_EQ(cells.spacing, (std::vector<double>{2.0, 3.0}));
  EXPECT_EQ(cells.values, (std::vector<double>{1, 2}));
  const io::Field nodes = field(FieldPrior(6), "a", values);
  EXPECT_TRUE(nodes.is_at_nodes);
  EXPECT_EQ(nodes.values.size(), 6u);
}

// The fields of the diffusion model: theta in its cells, and a solution that the outputs are values of.
TEST(RowsMpi, FieldsOfRowsAreThoseOfTheModel) {
  pde::diffusion::Setup setup;
  setup.mesh = 8, setup.coefficients = 2, setup.sensors = {{0.25, 0.5}};
  const pde::diffusion::Diffusion model(setup);
  const parallel::Comm world = parallel::Comm::world();
  const std::vector<double> theta{1, 2, 3, 4, 4, 3, 2, 1, 1, 1, 1, 1};
  const parallel::RowLayout layout(3, world);
  const kernels::Batch u = table_rows({3, 4, theta}, layout);
  std::vector<std::string> reasons(static_cast<std::size_t>(layout.local_rows()));
  if (layout.owner(1) == world.rank()) reasons[static_cast<std::size_t>(1 - layout.first())] = "failed";
  const std::vector<io::FieldSet> sets = fields_of_rows(world, model, layout, u, reasons, 9);
  if (!world.is_root()) {
    EXPECT_TRUE(sets.empty());
    return;
  }
  ASSERT_EQ(sets.size(), 2u);  // without the failed one
  EXPECT_EQ(sets[1].label, "row 2");
  const io::Field &coefficient = sets[0].fields.at(0), &solution = sets[0].fields.at(1);
  EXPECT_FALSE(coefficient.is_at_nodes);
  EXPECT_EQ(coefficient.values.at(0), 1.0);
  EXPECT_EQ(coefficient.values.at(7), 2.0);
  EXPECT_EQ(coefficient.values.at(8 * 7), 3.0);
  EXPECT_EQ(coefficient.values.at(63), 4.0);
  kernels::Batch row("row", 1, 4), y("y", 1, 1);
  for (int k = 0; k < 4; ++k) row(0, k) = theta[static_cast<std::size_t>(k)];
  model.evaluate(row, y);
  EXPECT_NEAR(solution.values.at(9 * 4 + 2), y(0, 0), 1e-14);  // the node (0.25, 0.5)
}

std::string crime_of(const std::string& fine, const std::string& coarse) {
  const std::string text = "[model.fine]\n" + fine + "[model.coarse]\n" + coarse;
  const deck::Registry registry = register_all();
  const deck::FileReader read = [text](const std::string& path) -> std::optional<std::string> {
    if (path == "deck.toml") return text;
    return path == "a.txt" ? "1 2\n" : "1 3\n";
  };
  return inverse_crime(deck::Deck("deck.toml", registry, {}, read), "fine", "coarse");
}

class Coupled : public prob::Normal {  // the second parameter depends on both coordinates
 public:
  Coupled() : prob::Normal({2, {0.0}, {1.0}, {}}) {}
  void pullback(const double*, const double* g_u, double* g_z) const override {
    g_z[0] = g_u[0] + g_u[1], g_z[1] = g_u[1];
  }
};

TEST(Factors, AreParametersOrPartsThatHangTogether) {
  const auto normal = [](int d) { return std::make_shared<prob::Normal>(prob::Normal::Params{d, {0.0}, {1.0}, {}}); };
  const prob::Product product({{"a", normal(1)}, {"pair", std::make_shared<Coupled>()}, {"c", normal(2)}});
  const std::vector<Factor> factors = factors_of(product, "all", {});
  ASSERT_EQ(factors.size(), 4u);
  const std::vector<std::string> names{"a", "pair", "c[0]", "c[1]"};
  const std::vector<std::vector<int>> latent{{0}, {1, 2}, {3}, {4}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(factors[i].name, names[i]);
    EXPECT_EQ(factors[i].latent, latent[i]);
  }
  EXPECT_THROW(factors_of(Coupled(), "pair", {}), deck::KeyError);
}

TEST(Factors, OfAnArrayAreCalledAsTheModelCallsThem) {
  const auto normal = [](int d) { return std::make_shared<prob::Normal>(prob::Normal::Params{d, {0.0}, {1.0}, {}}); };
  const auto names = [](const prob::Prior& prior, const std::vector<std::string>& inputs) {
    std::vector<std::string> all;
    for (const Factor& factor : factors_of(prior, "parts", inputs)) all.push_back(factor.name);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(*normal(2), {"radius", "length"}), (Names{"radius", "length"}));
  EXPECT_EQ(names(*normal(2), {}), (Names{"parts[0]", "parts[1]"}));
  // What the prior gives a name keeps it; a field is one factor of another number of coordinates than it has parameters.
  const prob::Product product(
      {{"wide", std::make_shared<Coupled>()}, {"shift", normal(1)}, {"rates", normal(2)}, {"level", normal(1)}});
  EXPECT_EQ(names(product, {"u0", "u1", "c", "fast", "slow", "d"}), (Names{"wide", "shift", "fast", "slow", "level"}));
  EXPECT_EQ(names(product, {"u0", "u1", "c", "shift", "slow", "d"}),
            (Names{"wide", "shift", "rates[0]", "rates[1]", "level"}));
}

TEST(RowsMpi, RowsOfSobolIndicesShareAllButOneFactor) {
  const auto comm = parallel::Comm::world();
  const prob::Normal prior({3, {0.0}, {1.0}, {}});
  const std::vector<Factor> factors = factors_of(prior, "u", {});
  const parallel::RowLayout layout(5 * 100, comm);
  const kernels::Rng rng(4);
  const prob::Design design(prob::DesignKind::sobol, 100, 6, rng);
  const kernels::Batch u = sensitivity_rows(prior, factors, design, layout, false), both("both", 100, 6);
  design.rows(0, both);
  for (int row = 0; row < layout.local_rows(); ++row) {
    const std::int64_t at = layout.first() + row;
    for (int k = 0; k < 3; ++k) EXPECT_EQ(u(row, k), both(at / 5, at % 5 == 4 || at % 5 == k + 1 ? 3 + k : k)) << at;
  }
}

// For pairs also B with each factor from A.
TEST(RowsMpi, RowsOfPairsChangeOneFactorOfEitherSample) {
  const auto comm = parallel::Comm::world();
  const prob::Normal prior({3, {0.0}, {1.0}, {}});
  const parallel::RowLayout layout(8 * 100, comm);
  const prob::Design design(prob::DesignKind::sobol, 100, 6, kernels::Rng(4));
  const kernels::Batch u = sensitivity_rows(prior, factors_of(prior, "u", {}), design, layout, true),
                       both("both", 100, 6);
  design.rows(0, both);
  for (int row = 0; row < layout.local_rows(); ++row) {
    const std::int64_t at = layout.first() + row, member = at % 8;
    for (int k = 0; k < 3; ++k)
      EXPECT_EQ(u(row, k), both(at / 8, (member >= 4) != (member % 4 == k + 1) ? 3 + k : k)) << at;
  }
}

TEST(InverseCrime, IsTheSameModelOrTheSameMesh) {
  const std::string type = "type = \"pde/diffusion\"\ncoefficients = 2\n";
  EXPECT_THAT(crime_of(type + "mesh = 8\nsensor_grid = 3\n", type + "mesh = 8\nsensor_grid = 3\n"),
              testing::HasSubstr("mesh = 8"));
  // other sensors do not make another discretisation
  EXPECT_NE(crime_of(type + "mesh = 8\nsensor_grid = 3\n", type + "mesh = 8\nsensor_grid = 4\n"), "");
  EXPECT_EQ(crime_of(type + "mesh = 16\nsensor_grid = 3\n", type + "mesh = 8\nsensor_grid = 3\n"), "");
  const std::string linear = "type = \"model/linear\"\nmatrix = ";
  EXPECT_EQ(crime_of(type + "mesh = 16\nsensor_grid = 3\n", linear + "\"a.txt\"\n"), "");
  EXPECT_NE(crime_of(linear + "\"a.txt\"\n", linear + "\"a.txt\"\n"), "");
  EXPECT_EQ(crime_of(linear + "\"a.txt\"\n", linear + "\"b.txt\"\n"), "");
  const deck::Registry registry = register_all();
  const deck::FileReader read = [&](const std::string&) {
    return std::optional<std::string>("[model.one]\n" + type + "sensor_grid = 3\nmesh = 8\n");
  };
  EXPECT_THAT(inverse_crime(deck::Deck("deck.toml", registry, {}, read), "one", "one"),
              testing::HasSubstr("also the one"));
}

}  // namespace
}  // namespace aleator::campaign
