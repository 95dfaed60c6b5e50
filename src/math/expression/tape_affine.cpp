// Tape::affine_results: each entry of each slot as offset + sum of weight * input, where the instructions make it one.
#include <algorithm>
#include <map>

#include "math/expression/tape.hpp"

namespace aleator::math {
namespace {

using Form = std::optional<Tape::Affine>;

class Sum {
 public:
  void add(const Form& form, double by = 1.0) {
    is_affine_ = is_affine_ && form;
    if (!is_affine_) return;
    offset_ += by * form->offset;
    for (const auto& [column, weight] : form->weights) weights_[column] += by * weight;
  }
  operator Form() const {  // NOLINT: it is one
    if (!is_affine_) return std::nullopt;
    Tape::Affine out{offset_, {}};
    for (const auto& [column, weight] : weights_)
      if (weight != 0.0) out.weights.emplace_back(column, weight);
    return out;
  }

 private:
  bool is_affine_ = true;
  double offset_ = 0.0;
  std::map<int, double> weights_;
};

Form sum(const Form& a, double by, const Form& b) {
  Sum both;
  both.add(a), both.add(b, by);
  return both;
}

Form scaled(const Form& a, double by) { return sum(Tape::Affine{}, by, a); }

// Only where one of the two is a number.
Form product(const Form& a, const Form& b) {
  if (!a || !b) return std::nullopt;
  if (a->weights.empty()) return scaled(b, a->offset);
  return b->weights.empty() ? scaled(a, b->offset) : std::nullopt;
}

Form quotient(const Form& a, const Form& b) {
  if (!a || !b || !b->weights.empty()) return std::nullopt;
  Tape::Affine out = *a;
  out.offset /= b->offset;
  for (auto& [column, weight] : out.weights) weight /= b->offset;
  return out;
}

}  // namespace

std::vector<std::optional<Tape::Affine>> Tape::affine_results() const {
  constexpr std::size_t most_weights = 1 << 20;  // beyond, nothing is known: dense sums of very many inputs
  std::size_t weights = 0;
  std::vector<std::vector<Form>> forms(slots_.size());
  for (std::size_t slot = 0; slot < slots_.size(); ++slot)
    for (const double value : slots_[slot].values) forms[slot].push_back(Affine{value, {}});
  for (const Instruction& in : program_) {
    const auto size = static_cast<std::size_t>(this->size(in.out));
    std::vector<Form> out(size);
    const auto slot_of = [&](std::size_t k) -> const std::vector<Form>& {
      return forms[static_cast<std::size_t>(in.operands[k])];
    };
    const auto entry = [&](std::size_t k, std::size_t i) {
      return slot_of(k).size() == 1 ? slot_of(k)[0] : slot_of(k)[i];
    };
    const auto each = [&](const auto& of) {
      for (std::size_t i = 0; i < size; ++i) out[i] = of(i);
    };
    switch (in.code) {
      case Code::input:
        each([&](std::size_t i) { return Affine{0.0, {{in.places[0] + static_cast<int>(i), 1.0}}}; });
        break;
      case Code::gather:
        each([&](std::size_t i) { return slot_of(0)[static_cast<std::size_t>(in.places[i])]; });
        break;
      case Code::join: {
        std::size_t at = 0;
        for (std::size_t k = 0; k < in.operands.size(); ++k)
          for (const Form& form : slot_of(k)) out[at++] = form;
        break;
      }
      case Code::sum: {
        Sum all;
        for (const Form& form : slot_of(0)) all.add(form);
        out[0] = all;
        break;
      }
      case Code::group_sum: {
        std::vector<Sum> groups(size);
        for (std::size_t i = 0; i < in.places.size(); ++i)
          groups[static_cast<std::size_t>(in.places[i])].add(slot_of(0)[i]);
        std::copy(groups.begin(), groups.end(), out.begin());
        break;
      }
      case Code::matrix_product: {
        const std::size_t length = slot_of(1).size();
        each([&](std::size_t i) {
          Sum row;
          for (std::size_t j = 0; j < length; ++j)
            row.add(product(slot_of(0)[in.places[0] != 0 ? j * size + i : i * length + j], slot_of(1)[j]));
          return Form(row);
        });
        break;
      }
      case Code::sum_of_products:
        each([&](std::size_t i) {
          Sum all;
          for (std::size_t k = 0; k < in.places.size(); ++k)
            all.add(product(entry(2 * k, i), entry(2 * k + 1, i)), in.places[k]);
          return Form(all);
        });
        break;
      case Code::negate:
        each([&](std::size_t i) { return scaled(entry(0, i), -1.0); });
        break;
      case Code::add:
      case Code::subtract:
        each([&](std::size_t i) { return sum(entry(0, i), in.code == Code::add ? 1.0 : -1.0, entry(1, i)); });
        break;
      case Code::multiply:
        each([&](std::size_t i) { return product(entry(0, i), entry(1, i)); });
        break;
      case Code::divide:
        each([&](std::size_t i) { return quotient(entry(0, i), entry(1, i)); });
        break;
      default:
        break;
    }
    for (const Form& form : out) weights += form ? form->weights.size() : 0;
    if (weights > most_weights) return std::vector<Form>(static_cast<std::size_t>(results()));
    forms[static_cast<std::size_t>(in.out)] = std::move(out);
  }
  return forms[static_cast<std::size_t>(result_)];
}

}  // namespace aleator::math
