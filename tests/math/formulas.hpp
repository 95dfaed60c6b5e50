#pragma once
// Formulas made and evaluated in one line.
#include <string>
#include <utility>
#include <vector>

#include "math/expression/formula.hpp"

namespace aleator::math {

using kernels::Batch;
using kernels::ConstBatch;
using Values = std::vector<double>;

inline Batch rows_of(const std::vector<Values>& rows) {
  Batch u("u", rows.size(), rows[0].size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < rows[i].size(); ++k) u(i, k) = rows[i][k];
  return u;
}

inline double value_at(const Formula& f, const Values& u) {
  const Batch y("y", 1, f.outputs());
  f.evaluate(rows_of({u}), y);
  return y(0, 0);
}

inline Values gradient_at(const Formula& f, const Values& u) {
  const Batch y("y", 1, f.outputs()), du("du", 1, u.size());
  f.evaluate_and_pullback(
      rows_of({u}), y, [](int, ConstBatch, Batch dy) { dy(0, 0) = 1.0; }, du);
  return Values(du.data(), du.data() + du.size());
}

inline Formula formula(const std::string& text, std::vector<std::string> parameters = {"a", "b"},
                       std::vector<std::string> definitions = {}) {
  return Formula({std::move(parameters), {}, std::move(definitions), {text}});
}

}  // namespace aleator::math
