#include "pde/nodal/states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"

namespace aleator::pde::nodal {

using model::Batch;
using model::ConstBatch;
using model::RowStatus;

States::States(const Dynamics& dynamics, const Nodes& nodes, std::vector<double> times,
               std::vector<model::LinearObservable> observed, std::string objection)
    : dynamics_(dynamics) {
  const int n = nodes.size();
  info_.times = std::move(times), info_.observed = std::move(observed), info_.objection = std::move(objection);
  info_.grid = nodes.points, info_.fields = nodes.fields;
  for (int a = 0; a < nodes.dimension(); ++a)
    info_.coordinates.push_back({{}, nodes.is_periodic ? nodes.points[a] * nodes.spacing[a] : 0.0});
  for (const std::string& field : nodes.fields)
    for (int node = 0; node < n; ++node) {
      std::string name = field;
      for (int a = 0; a < nodes.dimension(); ++a) {
        name += fmt::format("_{}", nodes.index(a, node));
        info_.coordinates[a].position.push_back(nodes.position(a, node));
      }
      info_.names.push_back(std::move(name));
    }
  info_.initial.resize(info_.names.size());
  const RowStatus status = initial({}, Batch(info_.initial.data(), 1, info_.initial.size()));
  if (!status.ok()) throw core::UserError("the model's initial state: " + status.failed[0].reason);
}

// Rows that failed, or are not finite, become NaN and are told once.
RowStatus States::checked(RowStatus status, double time, Batch x) const {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<char> is_bad(x.extent(0), 0);
  for (const model::FailedRow& failed : status.failed) is_bad[static_cast<std::size_t>(failed.row)] = 1;
  for (std::size_t row = 0; row < x.extent(0); ++row) {
    double doubt = 0.0;  // v - v is NaN for NaN and infinity
    for (std::size_t i = 0; i < x.extent(1); ++i) doubt += x(row, i) - x(row, i);
    if (!is_bad[row] && doubt != 0.0) {
      is_bad[row] = 1;
      status.failed.push_back(
          {static_cast<int>(row),
           fmt::format("the state is not finite at t = {}: the solution grows without bound, or dt is too long for it",
                       time)});
    }
    if (is_bad[row]) std::fill_n(&x(row, 0), x.extent(1), nan);
  }
  std::sort(status.failed.begin(), status.failed.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  return status;
}

RowStatus States::initial(ConstBatch u, Batch x) const { return checked(dynamics_.begin_states(u, x), info_.start, x); }

RowStatus States::advance(model::Interval interval, ConstBatch u, Batch x) const {
  return checked(dynamics_.advance_states(interval, u, x), interval.to, x);
}

}  // namespace aleator::pde::nodal
