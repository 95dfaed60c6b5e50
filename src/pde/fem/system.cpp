#include "pde/fem/system.hpp"

#include <algorithm>

namespace aleator::pde::fem {
namespace {

math::SparsePattern pattern_of(int unknowns, const std::vector<Terms>& terms) {
  std::vector<std::vector<int>> neighbours(static_cast<std::size_t>(unknowns));
  for (const Terms& some : terms)
    for (std::size_t t = 0; t < some.count(); ++t)
      for (int i = 0; i < some.size; ++i) {
        std::vector<int>& row = neighbours[static_cast<std::size_t>(some.dofs_of(t)[i])];
        row.insert(row.end(), some.dofs_of(t), some.dofs_of(t) + some.size);
      }
  math::SparsePattern pattern;
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    std::vector<int>& row = neighbours[i];
    row.push_back(static_cast<int>(i));
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    pattern.column.insert(pattern.column.end(), row.begin(), row.end());
    pattern.begin.push_back(static_cast<int>(pattern.column.size()));
    row = {};
  }
  return pattern;
}

int place_in(const math::SparsePattern& pattern, int row, int column) {
  const auto first = pattern.column.begin() + pattern.begin[static_cast<std::size_t>(row)],
             last = pattern.column.begin() + pattern.begin[static_cast<std::size_t>(row) + 1];
  return static_cast<int>(std::lower_bound(first, last, column) - pattern.column.begin());
}

}  // namespace

void Functionals::apply(const double* x, double* y) const {
  std::fill_n(y, rows(), 0.0);
  add_product(x, y);
}

void Functionals::add_product(const double* x, double* y) const {
  for (int k = 0; k < rows(); ++k) {
    double sum = 0.0;
    for (std::size_t i = begin[static_cast<std::size_t>(k)]; i < begin[static_cast<std::size_t>(k) + 1]; ++i)
      sum += weight[i] * x[index[i]];
    y[k] += sum;
  }
}

void Functionals::add_transposed(const double* y, double* x) const {
  for (int k = 0; k < rows(); ++k)
    for (std::size_t i = begin[static_cast<std::size_t>(k)]; i < begin[static_cast<std::size_t>(k) + 1]; ++i)
      x[index[i]] += weight[i] * y[k];
}

System::System(int unknowns, std::vector<Terms> terms, std::vector<char> is_fixed)
    : terms_(std::move(terms)), pattern_(pattern_of(unknowns, terms_)), values_(pattern_.column.size()) {
  for (const Terms& some : terms_) {
    std::vector<int>& place = place_.emplace_back();
    place.reserve(some.matrix.size());
    for (std::size_t t = 0; t < some.count(); ++t)
      for (int i = 0; i < some.size; ++i)
        for (int j = 0; j < some.size; ++j) place.push_back(place_in(pattern_, some.dofs_of(t)[i], some.dofs_of(t)[j]));
  }
  for (int i = 0; i < unknowns; ++i) {
    diagonal_.push_back(static_cast<std::size_t>(place_in(pattern_, i, i)));
    for (int k = pattern_.begin[static_cast<std::size_t>(i)]; k < pattern_.begin[static_cast<std::size_t>(i) + 1];
         ++k) {
      const int j = pattern_.column[static_cast<std::size_t>(k)];
      const bool is_free = !is_fixed[static_cast<std::size_t>(i)] && !is_fixed[static_cast<std::size_t>(j)];
      if (!is_free && i != j) continue;
      kept_.push_back(static_cast<std::size_t>(k));
      solved_.column.push_back(j);
    }
    solved_.begin.push_back(static_cast<int>(solved_.column.size()));
  }
}

void System::assemble(const double* q) {
  std::fill(values_.begin(), values_.end(), 0.0);
  for (std::size_t s = 0; s < terms_.size(); ++s) {
    const Terms& some = terms_[s];
    const auto entries = static_cast<std::size_t>(some.size * some.size);
    for (std::size_t t = 0; t < some.count(); ++t) {
      const double c = q[some.coefficient[t]];
      const double* const from = some.matrix_of(t);
      const int* const to = &place_[s][t * entries];
      for (std::size_t k = 0; k < entries; ++k) values_[static_cast<std::size_t>(to[k])] += c * from[k];
    }
  }
}

void System::multiply(const double* x, double* y) const {
  for (int i = 0; i < unknowns(); ++i) {
    double sum = 0.0;
    for (int k = pattern_.begin[static_cast<std::size_t>(i)]; k < pattern_.begin[static_cast<std::size_t>(i) + 1]; ++k)
      sum += values_[static_cast<std::size_t>(k)] * x[pattern_.column[static_cast<std::size_t>(k)]];
    y[i] = sum;
  }
}

void System::multiply_transposed(const double* x, double* y) const {
  std::fill_n(y, unknowns(), 0.0);
  for (int i = 0; i < unknowns(); ++i)
    for (int k = pattern_.begin[static_cast<std::size_t>(i)]; k < pattern_.begin[static_cast<std::size_t>(i) + 1]; ++k)
      y[pattern_.column[static_cast<std::size_t>(k)]] += values_[static_cast<std::size_t>(k)] * x[i];
}

void System::multiply_derivative(const double* dq, const double* x, double* y) const {
  std::fill_n(y, unknowns(), 0.0);
  for (const Terms& some : terms_)
    for (std::size_t t = 0; t < some.count(); ++t) {
      const double c = dq[some.coefficient[t]];
      if (c == 0.0) continue;
      const int* const dofs = some.dofs_of(t);
      const double* row = some.matrix_of(t);
      for (int i = 0; i < some.size; ++i, row += some.size) {
        double sum = 0.0;
        for (int j = 0; j < some.size; ++j) sum += row[j] * x[dofs[j]];
        y[dofs[i]] += c * sum;
      }
    }
}

void System::add_gradient(const double* lambda, const double* x, double* g) const {
  for (const Terms& some : terms_)
    for (std::size_t t = 0; t < some.count(); ++t) {
      const int* const dofs = some.dofs_of(t);
      const double* row = some.matrix_of(t);
      double sum = 0.0;
      for (int i = 0; i < some.size; ++i, row += some.size)
        for (int j = 0; j < some.size; ++j) sum += lambda[dofs[i]] * row[j] * x[dofs[j]];
      g[some.coefficient[t]] -= sum;
    }
}

void System::solved_values(std::vector<double>& values) const {
  values.resize(kept_.size());
  for (std::size_t k = 0; k < kept_.size(); ++k) values[k] = values_[kept_[k]];
}

}  // namespace aleator::pde::fem
