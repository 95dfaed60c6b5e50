// How the runs of a model are shared out to ranks.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "assimilation/observations.hpp"
#include "assimilation/support.hpp"
#include "core/error.hpp"
#include "deck/diagnostics.hpp"
#include "parallel/process_grid.hpp"

namespace aleator::assimilation {
namespace {

/// Takes long on every second rank of the world, and counts the rows it is given.
class UnevenModel final : public LinearModel {
 public:
  UnevenModel() : LinearModel(three_states()) {}
  model::RowStatus advance(model::Interval interval, kernels::ConstBatch u, kernels::Batch x) const override {
    if (parallel::Comm::world().rank() % 2 == 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    rows.push_back(static_cast<double>(x.extent(0)));
    return LinearModel::advance(interval, u, x);
  }
  mutable std::vector<double> rows;
};

TEST(Observations, AreFoundByTheirNamesInAnyOrder) {
  model::StateInfo info;
  info.times = {10.0}, info.observed = {{"x", {}}, {"y", {}}, {"z", {}}};
  const auto seen = [](const std::string& text) {
    ObservationParams params;
    params.observations = {"seen.csv", text};
    return params;
  };
  const auto read = [&](const std::string& text) { return read_observations(seen(text), info, nullptr).data; };
  const std::vector<double> in_order = {1.0, 2.0, 3.0};
  EXPECT_EQ(read("0.5,1,2,3\n"), in_order);
  EXPECT_EQ(read("t,x,y,z\n0.5,1,2,3\n"), in_order);
  EXPECT_EQ(read("t,z,note,y,x\n0.5,3,7,2,1\n"), in_order);
  EXPECT_EQ(read("t,first,second,third\n0.5,1,2,3\n"), in_order);  // with a warning
  EXPECT_THROW(read("t,x,y,w\n0.5,1,2,3\n"), core::UserError);
  EXPECT_THROW(read("0.5,1,2,3,4\n"), deck::KeyError);
}

// Its ranks run one model together: one that goes by its own clock leaves the others waiting.
TEST(ExperimentMpi, RanksOfADomainRunTheSameRowsWhateverTheirClocksSay) {
  const parallel::Comm world = parallel::Comm::world();
  if (world.size() < 4) GTEST_SKIP() << "two domains of two ranks";
  const parallel::ProcessGrid grid(world, 2);
  const UnevenModel model;
  const Experiment experiment(model, statistics_of(model, 1, 0.0), grid.ensemble());
  constexpr int members = 6;
  const Batch x("x", members, 3);
  for (int cycle = 0; cycle < 4; ++cycle) experiment.advance({cycle + 0.0, cycle + 1.0}, x.data(), members);
  const std::vector<double> all = grid.domain().all_gather(model.rows);  // of its two ranks
  ASSERT_EQ(all.size(), 2 * model.rows.size());
  for (std::size_t i = 0; i < model.rows.size(); ++i) EXPECT_EQ(all[i], all[model.rows.size() + i]) << "call " << i;
}

}  // namespace
}  // namespace aleator::assimilation
