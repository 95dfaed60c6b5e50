#pragma once
/// What      A box of 1 to 3 dimensions cut into equal cells, and the keys that all priors on its cell values have.
/// Method    value i + nx (j + ny k) is that of cell (i, j, k), whose centre is ((i + 1/2) h_x, (j + 1/2) h_y, ...).
/// Parallel  local.
/// Cost      -
/// Fails     box_fault and add_field_keys report what a deck has wrong; make_box throws the same as a KeyError.
#include <string>
#include <vector>

#include "deck/registry.hpp"

namespace aleator::prob {

struct Box {
  std::vector<int> cells;       ///< along x, y, z
  std::vector<double> lengths;  ///< likewise
  int axes() const { return static_cast<int>(cells.size()); }
  int size() const;
  double spacing(int axis) const { return lengths[axis] / cells[axis]; }
  /// Product of the numbers of cells along the axes before `axis`, and of those behind it.
  int inner(int axis) const;
  int outer(int axis) const { return size() / inner(axis) / cells[axis]; }
  double cell_volume() const;
};

/// What is wrong with the keys `cells` and `lengths`, or nothing.
std::string box_fault(const std::vector<int>& cells, const std::vector<double>& lengths);
/// The same for a key with one value for all axes or one for each.
std::string axes_fault(const std::string& key, std::size_t values, std::size_t axes);
Box make_box(const std::vector<int>& cells, const std::vector<double>& lengths);

/// What the field is made of: itself, or its exponential.
enum class Transform { none, exp };

/// The keys mean and transform of fields with one value for each of the `parts`.
template <typename Params>
void add_value_keys(deck::Schema<Params>& s, const std::string& parts) {
  s.key("mean", &Params::mean, "", "mean of the field (of its logarithm with transform = \"exp\"), one or all " + parts)
      .choice("transform", &Params::transform, "what u is made of",
              {{"none", Transform::none, "the normal field itself"},
               {"exp", Transform::exp, "its exponential: a log-normal field"}});
}

/// The keys cells, lengths, mean and transform.
template <typename Params>
void add_field_keys(deck::Schema<Params>& s) {
  s.key("cells", &Params::cells, "1", "numbers of cells along x, y, z: one for each axis of the box",
        deck::between(1, 4096))
      .key("lengths", &Params::lengths, "", "lengths of the box, one for all axes or one for each", deck::positive());
  add_value_keys(s, "cells");
  s.check("cells", [](const Params& p) { return box_fault(p.cells, p.lengths); });
}

}  // namespace aleator::prob
