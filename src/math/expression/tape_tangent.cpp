// The tangent of a Tape: what flows forwards with the values, dy = J du (forward mode).
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "math/expression/operations.hpp"
#include "math/expression/tape.hpp"

namespace aleator::math {
template <int width>
void Tape::tangent(const Instruction& in, Workspace& w) const {
  const int size = this->size(in.out);
  const auto offset = [&](int slot) { return slots_[static_cast<std::size_t>(slot)].offset * width; };
  double* const out = w.adjoints.data() + offset(in.out);
  const double* const y = w.values.data() + offset(in.out);
  std::fill_n(out, size * width, 0.0);
  const auto stride = [&](std::size_t k) { return this->size(in.operands[k]) == size ? width : 0; };
  // Calls work(tangents of operand k) unless that is a constant: nothing comes from those.
  const auto from = [&](std::size_t k, const auto& work) {
    if (!is_constant(in.operands[k])) work(w.adjoints.data() + offset(in.operands[k]));
  };
  const auto entries = [&](const auto& work) {
    for (int i = 0; i < size; ++i)
      for (int lane = 0; lane < width; ++lane) work(i, lane, i * width + lane);
  };
  const auto of = [&](std::size_t k) { return value(in.operands[k], w, width); };
  if (operations::with_unary(in.code, [&](auto operation) {
        from(0, [&](const double* t) {
          operations::for_slopes<decltype(operation)>(of(0), y, size * width, [=](int at, double slope) {
            out[at] = operations::plus_flow(0.0, t[at], slope);
          });
        });
      }))
    return;
  if (operations::with_binary(in.code, [&](auto operation) {
        using Operation = decltype(operation);
        const double *const a = of(0), *const b = of(1);
        const int at_a = stride(0), at_b = stride(1);
        from(0, [&](const double* t) {
          entries([&](int i, int lane, int at) {
            out[at] = operations::plus_flow(out[at], t[i * at_a + lane],
                                            Operation::left(a[i * at_a + lane], b[i * at_b + lane], y[at]));
          });
        });
        from(1, [&](const double* t) {
          entries([&](int i, int lane, int at) {
            out[at] = operations::plus_flow(out[at], t[i * at_b + lane],
                                            Operation::right(a[i * at_a + lane], b[i * at_b + lane], y[at]));
          });
        });
      }))
    return;
  if (in.code == Code::sum_of_products) return tangent_products<width>(in, w);
  if (tangent_sums<width>(in, w)) return;
  switch (in.code) {
    case Code::gather:
      return from(0, [&](const double* t) {
        entries([&](int i, int lane, int at) { out[at] = t[in.places[static_cast<std::size_t>(i)] * width + lane]; });
      });
    case Code::join:
      for (std::size_t k = 0, first = 0; k < in.operands.size(); ++k) {
        const std::size_t count = static_cast<std::size_t>(this->size(in.operands[k])) * width;
        from(k, [&](const double* t) { std::copy_n(t, count, out + first); });
        first += count;
      }
      return;
    case Code::sum:
      return from(0, [&](const double* t) {
        for (int i = 0; i < this->size(in.operands[0]); ++i)
          for (int lane = 0; lane < width; ++lane) out[lane] += t[i * width + lane];
      });
    case Code::log_sum_exp:
      return from(0, [&](const double* t) {
        for (int i = 0; i < this->size(in.operands[0]); ++i)
          for (int lane = 0; lane < width; ++lane)
            out[lane] =
                operations::plus_flow(out[lane], t[i * width + lane], std::exp(of(0)[i * width + lane] - y[lane]));
      });
    case Code::select:
      for (const std::size_t branch : {std::size_t{1}, std::size_t{2}})
        from(branch, [&](const double* t) {
          entries([&](int i, int lane, int at) {
            const std::size_t taken = of(0)[i * stride(0) + lane] != 0.0 ? 1 : 2;
            if (taken == branch) out[at] = t[i * stride(branch) + lane];
          });
        });
      return;
    default:
      ALEATOR_ASSERT(false);
  }
}

template <int width>
void Tape::push_forward_lanes(const double* const* du, double* const* dy, Workspace& w) const {
  w.adjoints.resize(variables_ * width);
  for (const Instruction& in : program_) {
    if (in.code != Code::input) {
      tangent<width>(in, w);
      continue;
    }
    double* const out = w.adjoints.data() + slots_[static_cast<std::size_t>(in.out)].offset * width;
    for (int i = 0; i < size(in.out); ++i)
      for (int lane = 0; lane < width; ++lane) out[i * width + lane] = du[lane][in.places[0] + i];
  }
  const double* const result = w.adjoints.data() + slots_[static_cast<std::size_t>(result_)].offset * width;
  for (int lane = 0; lane < width; ++lane)
    for (int i = 0; i < results(); ++i) dy[lane][i] = result[i * width + lane];
}

void Tape::push_forward(const double* const* du, double* const* dy, Workspace& w) const {
  width_ == 1 ? push_forward_lanes<1>(du, dy, w) : push_forward_lanes<lanes>(du, dy, w);
}

}  // namespace aleator::math
