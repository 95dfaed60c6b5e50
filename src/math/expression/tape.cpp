#include "math/expression/tape.hpp"

#include <algorithm>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cstring>
#include <limits>

#include "core/error.hpp"
#include "math/expression/operations.hpp"
#include "math/expression/tape_loops.hpp"

namespace aleator::math {

namespace {
using namespace boost::math::policies;
using Quiet = policy<pole_error<errno_on_error>, domain_error<errno_on_error>, overflow_error<errno_on_error>>;
}  // namespace

double operations::digamma(double a) { return boost::math::digamma(a, Quiet()); }
double operations::trigamma(double a) { return boost::math::trigamma(a, Quiet()); }

double operations::log_gamma(double a) {
  int sign = 0;
  return lgamma_r(a, &sign);
}

namespace {

using operations::plus_flow;

template <int width>
void log_sum_exp_lanes(const double* a, int size, double* out) {
  for (int lane = 0; lane < width; ++lane) {
    double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
    for (int i = 0; i < size; ++i) largest = operations::Maximum::value(largest, a[i * width + lane]);
    for (int i = 0; i < size; ++i) sum += std::exp(a[i * width + lane] - largest);
    out[lane] = std::isfinite(largest) ? largest + std::log(sum) : largest;
  }
}

}  // namespace

int Tape::add(Code code, int size, std::vector<int> operands, std::vector<int> places) {
  Slot slot;
  slot.size = size;
  const int out = static_cast<int>(slots_.size());
  const bool folds = code != Code::input && std::all_of(operands.begin(), operands.end(),
                                                        [this](int operand) { return is_constant(operand); });
  const Instruction instruction{code, out, std::move(operands), std::move(places)};
  slots_.push_back(slot);
  if (!folds) {
    program_.push_back(instruction);
    return out;
  }
  std::vector<const double*> values;
  for (const int operand : instruction.operands) values.push_back(values_of(operand).data());
  std::vector<double> result(static_cast<std::size_t>(size));
  forward<1>(instruction, values, result.data());
  slots_.back().is_constant = true;
  slots_.back().values = std::move(result);
  return out;
}

int Tape::constant(std::vector<double> values) {
  Slot slot;
  slot.size = static_cast<int>(values.size());
  slot.is_constant = true;
  slot.values = std::move(values);
  slots_.push_back(std::move(slot));
  return static_cast<int>(slots_.size()) - 1;
}

int Tape::input(int first_column, int size) { return add(Code::input, size, {}, {first_column}); }

int Tape::apply(Code code, std::vector<int> operands) {
  const bool is_reduction = code == Code::sum || code == Code::log_sum_exp;
  int size = 1;
  for (const int operand : operands)
    if (!is_reduction) size = std::max(size, this->size(operand));
  for (const int operand : operands)
    ALEATOR_ASSERT(is_reduction || this->size(operand) == 1 || this->size(operand) == size);
  return add(code, size, std::move(operands), {});
}

int Tape::gather(int array, std::vector<int> places) {
  const int size = static_cast<int>(places.size());
  return add(Code::gather, size, {array}, std::move(places));
}

int Tape::join(const std::vector<int>& arrays) {
  int size = 0;
  for (const int array : arrays) size += this->size(array);
  return add(Code::join, size, arrays, {});
}

int Tape::group_sum(int array, std::vector<int> group, int groups) {
  ALEATOR_ASSERT(size(array) == static_cast<int>(group.size()));
  return add(Code::group_sum, groups, {array}, std::move(group));
}

int Tape::matrix_product(int matrix, int vector, bool is_transposed) {
  ALEATOR_ASSERT(size(matrix) % size(vector) == 0);
  return add(Code::matrix_product, size(matrix) / size(vector), {matrix, vector}, {is_transposed ? 1 : 0});
}

int Tape::recurrence(int start, int a, int b) {
  const int size = std::max(this->size(a), this->size(b));
  for (const int operand : {a, b}) ALEATOR_ASSERT(this->size(operand) == 1 || this->size(operand) == size);
  return add(Code::recurrence, size, {a, b, start}, {});
}

int Tape::normal_form(int residuals, int covariance) {
  ALEATOR_ASSERT(size(covariance) == size(residuals) * size(residuals));
  return add(Code::normal_form, 1, {residuals, covariance}, {});
}

int Tape::cholesky(int matrix, int n) {
  ALEATOR_ASSERT(size(matrix) == n * n);
  return add(Code::cholesky, n * n, {matrix}, {n});
}

void Tape::finish(int result) {
  if (is_constant(result)) {  // a run writes variables only: copy it into one
    const int copy = add(Code::join, size(result), {input(0, 1)}, {});
    program_.back().operands = {result};
    result = copy;
  }
  result_ = result;
  join_products();
  place_slots();
}

void Tape::place_slots() {
  const std::vector<char> needed = needed_slots();
  program_.erase(std::remove_if(program_.begin(), program_.end(),
                                [&](const Instruction& in) { return needed[static_cast<std::size_t>(in.out)] == 0; }),
                 program_.end());
  std::size_t entries = 0;  // that the instructions read or write, each as many as its longest array
  for (const Instruction& in : program_) {
    Slot& slot = slots_[static_cast<std::size_t>(in.out)];
    slot.offset = variables_;
    variables_ += static_cast<std::size_t>(slot.size);
    int longest = slot.size;
    for (const int operand : in.operands)
      if (in.code != Code::gather) longest = std::max(longest, size(operand));
    entries += static_cast<std::size_t>(longest);
  }
  constexpr std::size_t long_array = 64;
  width_ = entries > long_array * program_.size() ? 1 : lanes;
  std::vector<char> has_adjoint(slots_.size(), 0);
  has_adjoint[static_cast<std::size_t>(result_)] = 1;
  for (auto in = program_.rbegin(); in != program_.rend(); ++in)
    for (const int operand : in->operands)
      if (char& has = has_adjoint[static_cast<std::size_t>(operand)]; has == 0 && !is_constant(operand))
        in->first_adjoints.push_back(operand), has = 1;
  for (std::size_t k = 0; k < slots_.size(); ++k) {
    Slot& slot = slots_[k];
    if (!slot.is_constant || needed[k] == 0) continue;
    slot.offset = constants_.size() / static_cast<std::size_t>(width_);
    for (const double value : slot.values) constants_.insert(constants_.end(), static_cast<std::size_t>(width_), value);
  }
}

std::vector<char> Tape::needed_slots() const {
  std::vector<char> needed(slots_.size(), 0);
  needed[static_cast<std::size_t>(result_)] = 1;
  for (auto in = program_.rbegin(); in != program_.rend(); ++in)
    if (needed[static_cast<std::size_t>(in->out)] != 0)
      for (const int operand : in->operands) needed[static_cast<std::size_t>(operand)] = 1;
  return needed;
}

bool Tape::is_needed(int slot) const { return needed_slots()[static_cast<std::size_t>(slot)] != 0; }

const double* Tape::value(int slot, const Workspace& w, int width) const {
  const Slot& s = slots_[static_cast<std::size_t>(slot)];
  return (s.is_constant ? constants_.data() : w.values.data()) + s.offset * static_cast<std::size_t>(width);
}

template <int width>
void Tape::forward(const Instruction& in, const std::vector<const double*>& operands, double* out) const {
  const int size = this->size(in.out);
  const auto stride = [&](std::size_t k) { return stride_of<width>(this->size(in.operands[k]), size); };
  if (operations::with_unary(
          in.code, [&](auto operation) { operations::values_of<decltype(operation)>(operands[0], size * width, out); }))
    return;
  if (operations::with_binary(in.code, [&](auto operation) {
        const double *const a = operands[0], *const b = operands[1];
        for_pairs<width>(size, stride(0), stride(1),
                         [=](int i, int at_a, int at_b) { out[i] = decltype(operation)::value(a[at_a], b[at_b]); });
      }))
    return;
  if (in.code == Code::sum_of_products) return forward_products<width>(in, operands, out);
  if (forward_sums<width>(in, operands, out)) return;
  switch (in.code) {
    case Code::gather:
      for (int i = 0; i < size; ++i)
        std::copy_n(operands[0] + in.places[static_cast<std::size_t>(i)] * width, width, out + i * width);
      return;
    case Code::join:
      for (std::size_t k = 0; k < operands.size(); ++k)
        out = std::copy_n(operands[k], this->size(in.operands[k]) * width, out);
      return;
    case Code::sum:
      if (width == 1) {
        *out = sum_in_parts(operands[0], this->size(in.operands[0]));
        return;
      }
      std::fill_n(out, width, 0.0);
      for (int i = 0; i < this->size(in.operands[0]); ++i)
        for (int lane = 0; lane < width; ++lane) out[lane] += operands[0][i * width + lane];
      return;
    case Code::log_sum_exp:
      return log_sum_exp_lanes<width>(operands[0], this->size(in.operands[0]), out);
    case Code::select:
      for (int i = 0; i < size; ++i)
        for (int lane = 0; lane < width; ++lane) {
          const std::size_t taken = operands[0][i * stride(0) + lane] != 0.0 ? 1 : 2;
          out[i * width + lane] = operands[taken][i * stride(taken) + lane];
        }
      return;
    default:
      ALEATOR_ASSERT(false);
  }
}

template <int width>
void Tape::run_lanes(const double* const* u, double* const* y, Workspace& w) const {
  w.values.resize(variables_ * width);
  std::vector<const double*> operands;
  for (const Instruction& in : program_) {
    double* const out = w.values.data() + slots_[static_cast<std::size_t>(in.out)].offset * width;
    if (in.code == Code::input) {
      for (int i = 0; i < size(in.out); ++i)
        for (int lane = 0; lane < width; ++lane) out[i * width + lane] = u[lane][in.places[0] + i];
      continue;
    }
    operands.clear();
    for (const int operand : in.operands) operands.push_back(value(operand, w, width));
    forward<width>(in, operands, out);
  }
  const double* const result = value(result_, w, width);
  for (int lane = 0; lane < width; ++lane)
    for (int i = 0; i < results(); ++i) y[lane][i] = result[i * width + lane];
}

template <int width>
void Tape::backward(const Instruction& in, Workspace& w) const {
  const int size = this->size(in.out);
  const auto offset = [&](int slot) { return slots_[static_cast<std::size_t>(slot)].offset * width; };
  const double *const g = w.adjoints.data() + offset(in.out), *const y = w.values.data() + offset(in.out);
  const auto adjoint = [&](std::size_t k) { return w.adjoints.data() + offset(in.operands[k]); };
  const auto flows = [&](std::size_t k) { return !is_constant(in.operands[k]); };
  const auto stride = [&](std::size_t k) { return stride_of<width>(this->size(in.operands[k]), size); };
  const double* const a = in.operands.empty() ? nullptr : value(in.operands[0], w, width);
  if (operations::with_unary(in.code, [&](auto operation) {
        operations::for_slopes<decltype(operation)>(
            a, y, size * width, [g, to = adjoint(0)](int i, double slope) { to[i] = plus_flow(to[i], g[i], slope); });
      }))
    return;
  if (operations::with_binary(in.code, [&](auto operation) {
        const double* const b = value(in.operands[1], w, width);
        using Operation = decltype(operation);
        if (flows(0))
          flow_back<width>(g, size, stride(0), adjoint(0), stride(1),
                           [=](int i, int at_a, int at_b) { return Operation::left(a[at_a], b[at_b], y[i]); });
        if (flows(1))
          flow_back<width>(g, size, stride(1), adjoint(1), stride(0),
                           [=](int i, int at_b, int at_a) { return Operation::right(a[at_a], b[at_b], y[i]); });
      }))
    return;
  if (in.code == Code::sum_of_products) return backward_products<width>(in, w);
  if (backward_sums<width>(in, w)) return;
  double* const to = in.operands.empty() || !flows(0) ? nullptr : adjoint(0);
  switch (in.code) {
    case Code::gather:
      for (int i = 0; i < size; ++i)
        for (int lane = 0; lane < width; ++lane)
          to[in.places[static_cast<std::size_t>(i)] * width + lane] += g[i * width + lane];
      return;
    case Code::join: {
      int first = 0;
      for (std::size_t k = 0; k < in.operands.size(); ++k) {
        const int entries = this->size(in.operands[k]) * width;
        for (int i = 0; flows(k) && i < entries; ++i) adjoint(k)[i] += g[first + i];
        first += entries;
      }
      return;
    }
    case Code::sum:
      for (int i = 0, entries = this->size(in.operands[0]); i < entries; ++i)
        for (int lane = 0; lane < width; ++lane) to[i * width + lane] += g[lane];
      return;
    case Code::log_sum_exp:
      for (int i = 0; i < this->size(in.operands[0]); ++i)
        for (int lane = 0; lane < width; ++lane)
          to[i * width + lane] = plus_flow(to[i * width + lane], g[lane], std::exp(a[i * width + lane] - y[lane]));
      return;
    case Code::select:
      for (int i = 0; i < size; ++i)
        for (int lane = 0; lane < width; ++lane) {
          const std::size_t taken = a[i * stride(0) + lane] != 0.0 ? 1 : 2;
          if (flows(taken)) adjoint(taken)[i * stride(taken) + lane] += g[i * width + lane];
        }
      return;
    default:
      ALEATOR_ASSERT(in.code == Code::input);
  }
}

template <int width>
void Tape::pull_back_lanes(const double* const* dy, int columns, double* const* du, Workspace& w) const {
  w.adjoints.resize(variables_ * width);
  double* const result = w.adjoints.data() + slots_[static_cast<std::size_t>(result_)].offset * width;
  for (int lane = 0; lane < width; ++lane) {
    std::fill_n(du[lane], columns, 0.0);
    for (int i = 0; i < results(); ++i) result[i * width + lane] = dy[lane][i];
  }
  for (auto in = program_.rbegin(); in != program_.rend(); ++in) {
    if (in->code != Code::input) {
      for (const int slot : in->first_adjoints)
        std::fill_n(w.adjoints.data() + slots_[static_cast<std::size_t>(slot)].offset * width, size(slot) * width, 0.0);
      backward<width>(*in, w);
      continue;
    }
    const double* const g = w.adjoints.data() + slots_[static_cast<std::size_t>(in->out)].offset * width;
    for (int i = 0; i < size(in->out); ++i)
      for (int lane = 0; lane < width; ++lane) du[lane][in->places[0] + i] += g[i * width + lane];
  }
}

void Tape::run(const double* const* u, double* const* y, Workspace& w) const {
  width_ == 1 ? run_lanes<1>(u, y, w) : run_lanes<lanes>(u, y, w);
}

void Tape::pull_back(const double* const* dy, int columns, double* const* du, Workspace& w) const {
  width_ == 1 ? pull_back_lanes<1>(dy, columns, du, w) : pull_back_lanes<lanes>(dy, columns, du, w);
}

}  // namespace aleator::math
