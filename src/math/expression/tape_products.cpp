// Sums of products, the linear predictors of regressions among them: found when a Tape is finished, and how they run. One
// pass over memory takes the place of one for each product and each sum.
#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "math/expression/tape_loops.hpp"

namespace aleator::math {

int Tape::sum_of_products(const std::vector<int>& factors, const std::vector<int>& signs) {
  ALEATOR_ASSERT(factors.size() == 2 * signs.size());
  int size = 1;
  for (const int factor : factors) size = std::max(size, this->size(factor));
  return add(Code::sum_of_products, size, factors, signs);
}

// A sum or difference takes the place of those of its operands that are products, sums or differences and serve nobody else.
void Tape::join_products() {
  std::vector<int> uses(slots_.size(), 0);
  ++uses[static_cast<std::size_t>(result_)];
  for (const Instruction& in : program_)
    for (const int operand : in.operands) ++uses[static_cast<std::size_t>(operand)];
  std::map<int, const Instruction*> maker;  // of each slot
  int one = -1;
  for (Instruction& in : program_) {
    const bool is_sum = in.code == Code::add || in.code == Code::subtract;
    if (is_sum) {
      Instruction joined{Code::sum_of_products, in.out, {}, {}};
      bool has_joined = false;
      const auto take = [&](int a, int b, int sign) {
        joined.operands.insert(joined.operands.end(), {a, b});
        joined.places.push_back(sign);
      };
      for (std::size_t k = 0; k < 2; ++k) {
        const int slot = in.operands[k], sign = k == 1 && in.code == Code::subtract ? -1 : 1;
        const auto found = maker.find(slot);
        const Instruction* const from = found == maker.end() ? nullptr : found->second;
        const bool is_ours = from != nullptr && uses[static_cast<std::size_t>(slot)] == 1 && size(slot) == size(in.out);
        if (is_ours && from->code == Code::multiply) {
          take(from->operands[0], from->operands[1], sign), has_joined = true;
        } else if (is_ours && from->code == Code::sum_of_products) {
          for (std::size_t t = 0; t < from->places.size(); ++t)
            take(from->operands[2 * t], from->operands[2 * t + 1], sign * from->places[t]);
          has_joined = true;
        } else {
          if (one < 0) one = constant({1.0});
          take(slot, one, sign);
        }
      }
      if (has_joined) in = std::move(joined);
    }
    maker[in.out] = &in;
  }
}

template <int width>
void Tape::forward_products(const Instruction& in, const std::vector<const double*>& operands, double* out) const {
  const int size = this->size(in.out);
  constexpr int block = 256;  // of entries: the sums stay in the first cache while the products come
  for (int first = 0; first < size; first += block) {
    const int some = std::min(block, size - first);
    double* const sum = out + first * width;
    std::fill_n(sum, some * width, 0.0);
    for (std::size_t t = 0; t < in.places.size(); ++t) {
      const int stride_a = stride_of<width>(this->size(in.operands[2 * t]), size),
                stride_b = stride_of<width>(this->size(in.operands[2 * t + 1]), size);
      const double *const a = operands[2 * t] + first * stride_a, *const b = operands[2 * t + 1] + first * stride_b;
      const double sign = in.places[t];
      for_pairs<width>(some, stride_a, stride_b,
                       [=](int i, int at_a, int at_b) { sum[i] = std::fma(sign * a[at_a], b[at_b], sum[i]); });
    }
  }
}

template <int width>
void Tape::backward_products(const Instruction& in, Workspace& w) const {
  const int size = this->size(in.out);
  const auto offset = [&](int slot) { return slots_[static_cast<std::size_t>(slot)].offset * width; };
  const double* const g = w.adjoints.data() + offset(in.out);
  for (std::size_t k = 0; k < in.operands.size(); ++k) {
    if (is_constant(in.operands[k])) continue;
    const int other = in.operands[k % 2 == 0 ? k + 1 : k - 1];
    const double* const factor = value(other, w, width);
    const double sign = in.places[k / 2];
    flow_back<width>(g, size, stride_of<width>(this->size(in.operands[k]), size),
                     w.adjoints.data() + offset(in.operands[k]), stride_of<width>(this->size(other), size),
                     [=](int, int, int at) { return sign * factor[at]; });
  }
}

template <int width>
void Tape::tangent_products(const Instruction& in, Workspace& w) const {
  const int size = this->size(in.out);
  const auto offset = [&](int slot) { return slots_[static_cast<std::size_t>(slot)].offset * width; };
  double* const out = w.adjoints.data() + offset(in.out);  // 0 at first
  for (std::size_t k = 0; k < in.operands.size(); ++k) {
    if (is_constant(in.operands[k])) continue;
    const int other = in.operands[k % 2 == 0 ? k + 1 : k - 1];
    const double *const t = w.adjoints.data() + offset(in.operands[k]), *const factor = value(other, w, width);
    const double sign = in.places[k / 2];
    for_pairs<width>(
        size, stride_of<width>(this->size(in.operands[k]), size), stride_of<width>(this->size(other), size),
        [=](int i, int at, int at_other) { out[i] = operations::plus_flow(out[i], t[at], sign * factor[at_other]); });
  }
}

template void Tape::forward_products<1>(const Instruction&, const std::vector<const double*>&, double*) const;
template void Tape::forward_products<Tape::lanes>(const Instruction&, const std::vector<const double*>&, double*) const;
template void Tape::backward_products<1>(const Instruction&, Workspace&) const;
template void Tape::backward_products<Tape::lanes>(const Instruction&, Workspace&) const;
template void Tape::tangent_products<1>(const Instruction&, Workspace&) const;
template void Tape::tangent_products<Tape::lanes>(const Instruction&, Workspace&) const;

}  // namespace aleator::math
