#include "pde/diffusion/dissection.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace aleator::pde::diffusion {
namespace {

struct Rectangle {  // cells i0 <= i < i1, j0 <= j < j1
  int i0, i1, j0, j1;
  int width() const { return i1 - i0; }
  int height() const { return j1 - j0; }
  int cells() const { return width() * height(); }
};

struct Cut {
  bool vertical = true;  // a vertical line x = at
  int at = 0;
};

// Cycles of one front for one pack, from measurements: tiles of 16 fused multiply-adds a column at two a cycle.
double front_cost(int eliminated, int remaining) {
  const double m = eliminated, panel_groups = (eliminated + 3) / 4, groups = (remaining + 4) / 4;
  const double trailing_tiles = groups * (groups + 1) / 2;
  const double panel_tiles = panel_groups * (panel_groups - 1) / 2 + panel_groups * groups;
  return trailing_tiles * (8 * m + 30) + panel_tiles * (4 * m + 60) + 40 * m;
}

class Dissector {
 public:
  Dissector(int cells, int elements_per_cell) : c_(cells), r_(elements_per_cell), n_(cells * elements_per_cell) {
    result_.variable.assign(static_cast<std::size_t>(n_ + 1) * (n_ + 1), -1);
    if (c_ <= exhaustive) best_.resize(static_cast<std::size_t>(c_ + 1) * (c_ + 1) * 16);
  }

  Dissection run() {
    descend({0, c_, 0, c_});
    result_.variables = variables_;
    for (auto& node : result_.nodes) {  // mesh nodes become variables, in elimination order
      for (int& v : node.remaining) v = result_.variable[v];
      std::sort(node.remaining.begin(), node.remaining.end());
    }
    return std::move(result_);
  }

 private:
  bool is_free(int x, int y) const { return x > 0 && x < n_ && y > 0 && y < n_; }

  std::vector<int> perimeter(const Rectangle& q) const {
    std::vector<int> nodes;
    const int x0 = q.i0 * r_, x1 = q.i1 * r_, y0 = q.j0 * r_, y1 = q.j1 * r_;
    const auto add = [&](int x, int y) {
      if (is_free(x, y)) nodes.push_back(x + (n_ + 1) * y);
    };
    for (int x = x0; x <= x1; ++x) {
      add(x, y0);
      add(x, y1);
    }
    for (int y = y0 + 1; y < y1; ++y) {
      add(x0, y);
      add(x1, y);
    }
    return nodes;
  }

  // Which sides are not on the boundary, whose nodes are not free.
  struct Sides {
    int left, right, bottom, top;
  };
  Sides inner_sides(const Rectangle& q) const { return {q.i0 > 0, q.i1<c_, q.j0> 0, q.j1 < c_}; }

  int perimeter_size(const Rectangle& q) const {
    const int inner_x = q.width() * r_ - 1, inner_y = q.height() * r_ - 1;
    const auto [left, right, bottom, top] = inner_sides(q);
    return (left + right) * inner_y + (bottom + top) * inner_x + (left + right) * (bottom + top);
  }

  int separator_size(const Rectangle& q, const Cut& cut) const {
    return (cut.vertical ? q.height() : q.width()) * r_ - 1;
  }

  static std::pair<Rectangle, Rectangle> split(const Rectangle& q, const Cut& cut) {
    if (cut.vertical) return {{q.i0, cut.at, q.j0, q.j1}, {cut.at, q.i1, q.j0, q.j1}};
    return {{q.i0, q.i1, q.j0, cut.at}, {q.i0, q.i1, cut.at, q.j1}};
  }

  struct Best {
    double cost = -1;  // not known yet
    int cut = 0;       // columns or rows from the lower corner
    bool is_vertical = true;
  };

  // It hangs on the rectangle's size and its sides, not on where it lies.
  const Best& best(const Rectangle& q) {
    const auto [left, right, bottom, top] = inner_sides(q);
    const int sides = ((left * 2 + right) * 2 + bottom) * 2 + top;
    Best& result = best_[(static_cast<std::size_t>(q.width()) * (c_ + 1) + q.height()) * 16 + sides];
    if (result.cost >= 0) return result;
    const int n = perimeter_size(q);
    if (q.cells() <= 2) {
      const double groups = (n + 4) / 4;
      result.cost = groups * (groups + 1) / 2 * 40;
    } else {
      for (int direction = 0; direction < 2; ++direction) {
        const bool vertical = direction == 0;
        const int begin = vertical ? q.i0 : q.j0, end = vertical ? q.i1 : q.j1;
        for (int at = begin + 1; at < end; ++at) {
          const Cut cut{vertical, at};
          const auto [a, b] = split(q, cut);
          const double cost = best(a).cost + best(b).cost + front_cost(separator_size(q, cut), n);
          if (result.cost < 0 || cost < result.cost) result = {cost, at - begin, vertical};
        }
      }
    }
    return result;
  }

  Cut choose(const Rectangle& q) {
    if (c_ <= exhaustive) {
      const Best& found = best(q);
      return {found.is_vertical, (found.is_vertical ? q.i0 : q.j0) + found.cut};
    }
    const bool vertical = q.width() >= q.height();
    return {vertical, vertical ? (q.i0 + q.i1) / 2 : (q.j0 + q.j1) / 2};
  }

  // The open line x = at or y = at inside q; its nodes get the next variables.
  void eliminate(const Rectangle& q, const Cut& cut, kernels::EliminationNode& node) {
    node.first_eliminated = variables_;
    const int begin = cut.vertical ? q.j0 : q.i0, end = cut.vertical ? q.j1 : q.i1;
    for (int t = begin * r_ + 1; t < end * r_; ++t) {
      const int x = cut.vertical ? cut.at * r_ : t, y = cut.vertical ? t : cut.at * r_;
      result_.variable[x + static_cast<std::size_t>(n_ + 1) * y] = variables_++;
    }
    node.eliminated = variables_ - node.first_eliminated;
  }

  int descend(const Rectangle& q) {
    kernels::EliminationNode node;
    if (q.cells() <= 2) {
      Leaf leaf;
      leaf.first = q.i0 + c_ * q.j0;
      if (q.cells() == 2) {
        const bool side_by_side = q.width() == 2;
        leaf.second = side_by_side ? leaf.first + 1 : leaf.first + c_;
        leaf.shared = side_by_side ? Side::right : Side::top;
        eliminate(q, {side_by_side, side_by_side ? q.i0 + 1 : q.j0 + 1}, node);
      }
      leaf.node = static_cast<int>(result_.nodes.size());
      result_.leaves.push_back(leaf);
    } else {
      const Cut cut = choose(q);
      const auto [a, b] = split(q, cut);
      node.left = descend(a);
      node.right = descend(b);
      eliminate(q, cut, node);
    }
    node.remaining = perimeter(q);
    result_.nodes.push_back(std::move(node));
    return static_cast<int>(result_.nodes.size()) - 1;
  }

  static constexpr int exhaustive = 32;  // cells a side up to which all cuts are compared
  int c_, r_, n_;
  int variables_ = 0;
  Dissection result_;
  std::vector<Best> best_;  // by width, height and sides
};

}  // namespace

Dissection dissect(int cells, int elements_per_cell) { return Dissector(cells, elements_per_cell).run(); }

}  // namespace aleator::pde::diffusion
