// Tape::only: which entries of each slot the wanted results need, found backwards; then the instructions again, on those.
#include <algorithm>
#include <numeric>

#include "core/error.hpp"
#include "math/expression/tape.hpp"

namespace aleator::math {
namespace {

using Places = std::vector<int>;

Places all_places(int size) {
  Places places(static_cast<std::size_t>(size));
  std::iota(places.begin(), places.end(), 0);
  return places;
}

// Entries of the matrix that the entries of its product need; `columns` of M^T v is the number of entries of the product.
Places of_matrix(const Places& entries, bool is_transposed, int vector_size, int columns) {
  Places places;
  if (!is_transposed)
    for (const int entry : entries)
      for (int k = 0; k < vector_size; ++k) places.push_back(entry * vector_size + k);
  else
    for (int row = 0; row < vector_size; ++row)
      for (const int entry : entries) places.push_back(row * columns + entry);
  return places;
}

}  // namespace

class TapeCut {
 public:
  explicit TapeCut(const Tape& whole) : whole_(whole), needed_(whole.slots_.size()), slots_(whole.slots_.size(), -1) {}

  Tape of(const Places& entries) {
    need(whole_.result_, entries);
    for (auto in = whole_.program_.rbegin(); in != whole_.program_.rend(); ++in)
      if (!needed_[index(in->out)].empty()) need_operands(*in);
    for (const Instruction& in : whole_.program_)
      if (!needed_[index(in.out)].empty()) slots_[index(in.out)] = again(in);
    part_.finish(slot_of(whole_.result_, entries));
    return std::move(part_);
  }

 private:
  static std::size_t index(int slot) { return static_cast<std::size_t>(slot); }
  Places all_of(int slot) const { return all_places(whole_.size(slot)); }

  void need(int slot, const Places& places) {
    if (whole_.is_constant(slot)) return;
    Places sorted = places, both;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::set_union(sorted.begin(), sorted.end(), needed_[index(slot)].begin(), needed_[index(slot)].end(),
                   std::back_inserter(both));
    needed_[index(slot)] = std::move(both);
  }

  // The entries of operand k that the entries `out` of an instruction are made of.
  Places places_of(const Instruction& in, std::size_t k, const Places& out) const {
    const int size = whole_.size(in.operands[k]);
    Places places;
    switch (in.code) {
      case Code::gather:
        for (const int entry : out) places.push_back(in.places[index(entry)]);
        return places;
      case Code::join: {
        int first = 0;
        for (std::size_t before = 0; before < k; ++before) first += whole_.size(in.operands[before]);
        for (const int entry : out)
          if (entry >= first && entry < first + size) places.push_back(entry - first);
        return places;
      }
      case Code::group_sum:
        for (int i = 0; i < size; ++i)
          if (std::binary_search(out.begin(), out.end(), in.places[index(i)])) places.push_back(i);
        return places;
      case Code::matrix_product:
        return k == 1 ? all_of(in.operands[1])
                      : of_matrix(out, in.places[0] != 0, whole_.size(in.operands[1]), whole_.size(in.out));
      case Code::sum:
      case Code::log_sum_exp:
      case Code::recurrence:
      case Code::normal_form:
      case Code::cholesky:
        return all_of(in.operands[k]);
      default:  // entry by entry
        return size == 1 ? Places{0} : out;
    }
  }

  void need_operands(const Instruction& in) {
    Places& out = needed_[index(in.out)];
    if (in.code == Code::input || in.code == Code::recurrence || in.code == Code::cholesky) out = all_of(in.out);
    for (std::size_t k = 0; k < in.operands.size(); ++k) need(in.operands[k], places_of(in, k, out));
  }

  // A slot of the new tape with exactly these entries of an old one.
  int slot_of(int slot, const Places& places) {
    if (whole_.is_constant(slot)) {
      std::vector<double> values;
      for (const int place : places) values.push_back(whole_.values_of(slot)[index(place)]);
      return part_.constant(std::move(values));
    }
    const Places& kept = needed_[index(slot)];
    if (places == kept) return slots_[index(slot)];
    Places at;
    for (const int place : places)
      at.push_back(static_cast<int>(std::lower_bound(kept.begin(), kept.end(), place) - kept.begin()));
    return part_.gather(slots_[index(slot)], std::move(at));
  }

  int again(const Instruction& in) {
    const Places& out = needed_[index(in.out)];
    if (in.code == Code::input) return part_.input(in.places[0], whole_.size(in.out));
    if (in.code == Code::group_sum && places_of(in, 0, out).empty())  // groups of nothing
      return part_.constant(std::vector<double>(out.size(), 0.0));
    std::vector<int> operands;
    for (std::size_t k = 0; k < in.operands.size(); ++k)
      if (const Places places = places_of(in, k, out); !places.empty())
        operands.push_back(slot_of(in.operands[k], places));
    switch (in.code) {
      case Code::gather:
        return operands[0];
      case Code::join:
        return part_.join(operands);
      case Code::group_sum: {
        std::vector<int> group;
        for (const int entry : places_of(in, 0, out))
          group.push_back(
              static_cast<int>(std::lower_bound(out.begin(), out.end(), in.places[index(entry)]) - out.begin()));
        return part_.group_sum(operands[0], std::move(group), static_cast<int>(out.size()));
      }
      case Code::matrix_product:
        return part_.matrix_product(operands[0], operands[1], in.places[0] != 0);
      case Code::recurrence:
        return part_.recurrence(operands[2], operands[0], operands[1]);
      case Code::normal_form:
        return part_.normal_form(operands[0], operands[1]);
      case Code::cholesky:
        return part_.cholesky(operands[0], in.places[0]);
      case Code::sum_of_products:
        return part_.sum_of_products(operands, in.places);
      default:
        return part_.apply(in.code, std::move(operands));
    }
  }

  const Tape& whole_;
  Tape part_;
  std::vector<Places> needed_;  // by old slot: entries, in rising order
  std::vector<int> slots_;      // by old slot: the new one that holds them
};

Tape Tape::only(const std::vector<int>& entries) const {
  ALEATOR_ASSERT(std::is_sorted(entries.begin(), entries.end()));
  return TapeCut(*this).of(entries);
}

}  // namespace aleator::math
