#include "sampler/ensemble/panels.hpp"

#include <algorithm>

#include "parallel/session.hpp"
#include "parallel/transpose.hpp"

namespace aleator::sampler {
namespace {

using math::MatrixView;
using parallel::RowLayout;

constexpr std::int64_t panels_a_thread = 2;        // that a rank holds at most at a time when there are several ranks
constexpr std::int64_t numbers_a_round = 1 << 27;  // and their numbers, unless one panel has more

std::int64_t panel_count(const Ensemble& e) {
  return (static_cast<std::int64_t>(e.position.extent(1)) + panel_columns - 1) / panel_columns;
}

// Columns of the panels [first, last).
parallel::Range columns_of(const Ensemble& e, std::int64_t first, std::int64_t last) {
  const auto all = static_cast<std::int64_t>(e.position.extent(1));
  return {std::min(first * panel_columns, all), std::min(last * panel_columns, all)};
}

// Windows of one panel each into an array of all members whose first column is that of panel `first`.
std::vector<MatrixView> panels_in(const Ensemble& e, double* array, std::ptrdiff_t stride, std::int64_t first,
                                  std::int64_t last) {
  std::vector<MatrixView> panels;
  for (std::int64_t panel = first; panel < last; ++panel)
    panels.push_back({array + (panel - first) * panel_columns, static_cast<int>(e.layout.rows()),
                      static_cast<int>(columns_of(e, panel, panel + 1).size()), stride});
  return panels;
}

// Work on some panels that follow one another, each J x columns.
using RoundWork = std::function<void(std::int64_t first_panel, const std::vector<MatrixView>& panels)>;

// Rank r treats the panels [first[r], last[r]).
void exchange_and_work(const Context& context, const Ensemble& e, const std::vector<std::int64_t>& first,
                       const std::vector<std::int64_t>& last, bool writes, const RoundWork& work,
                       std::vector<double>& panels) {
  std::vector<parallel::Range> rows, columns;
  for (int rank = 0; rank < context.comm.size(); ++rank) {
    rows.push_back({e.layout.first_row(rank), e.layout.last_row(rank)});
    columns.push_back(columns_of(e, first[rank], last[rank]));
  }
  const int me = context.comm.rank();
  const parallel::Transpose<double> transpose(context.comm, rows, columns,
                                              static_cast<std::int64_t>(e.position.extent(1)));
  panels.resize(transpose.size_by_columns());
  transpose.to_columns(e.position.data(), panels.data());
  work(first[me], panels_in(e, panels.data(), static_cast<std::ptrdiff_t>(columns[me].size()), first[me], last[me]));
  if (writes) transpose.to_rows(panels.data(), e.position.data());
}

// Every panel once, on the rank that `dealt` gives its group; groups are runs of panels, as even as can be.
void for_each_round(const Context& context, const Ensemble& e, std::int64_t groups, bool writes,
                    const RoundWork& work) {
  const std::int64_t count = panel_count(e);
  if (context.comm.size() == 1) {
    work(0, panels_in(e, e.position.data(), static_cast<std::ptrdiff_t>(e.position.extent(1)), 0, count));
    return;
  }
  const RowLayout dealt(groups, context.comm);
  const auto first_panel = [&](int rank) { return count * dealt.first_row(rank) / groups; };
  std::int64_t longest = 0;
  for (int rank = 0; rank < dealt.ranks(); ++rank)
    longest = std::max(longest, first_panel(rank + 1) - first_panel(rank));
  const auto threads =
      static_cast<std::int64_t>(context.comm.max(parallel::threads()));  // all ranks take as many panels
  const std::int64_t at_once =
      std::clamp<std::int64_t>(numbers_a_round / (e.layout.rows() * panel_columns), 1, panels_a_thread * threads);
  std::vector<double> panels;  // of this rank, kept from round to round
  for (std::int64_t done = 0; done < longest; done += at_once) {
    std::vector<std::int64_t> first, last;
    for (int rank = 0; rank < dealt.ranks(); ++rank) {
      const std::int64_t end = first_panel(rank + 1);
      first.push_back(std::min(first_panel(rank) + done, end));
      last.push_back(std::min(first.back() + at_once, end));
    }
    exchange_and_work(context, e, first, last, writes, work, panels);
  }
}

}  // namespace

void add_combination(const Context& context, const Ensemble& e, const math::Matrix& left, const math::Matrix& right,
                     const Shrink& shrink) {
  ALEATOR_ASSERT(left.rows == e.layout.rows() && right.cols == e.layout.rows() && left.cols == right.rows);
  for_each_round(context, e, panel_count(e), true, [&](std::int64_t, const std::vector<MatrixView>& panels) {
    kernels::for_each_row(static_cast<int>(panels.size()), [&](int i) {
      math::Matrix block(right.rows, panels[i].cols);
      math::add_product(1.0, right, panels[i], math::view(block));
      if (shrink) shrink(panels[i], math::view(block));
      math::add_product(1.0, left, block, panels[i]);
    });
  });
}

void inflate(const Context& context, double factor, const Ensemble& e) {
  const int members = static_cast<int>(e.layout.rows());
  kernels::for_each_row(e.rows(), [&, z = e.position](int row) {
    for (std::size_t k = 0; k < z.extent(1); ++k) z(row, k) *= factor;
  });
  // z = f z' - (f - 1) / f mean(f z')
  add_combination(context, e, math::Matrix(members, 1, -(factor - 1.0) / factor),
                  math::Matrix(1, members, 1.0 / members));
}

math::Matrix centred_products(const Context& context, const Ensemble& e, const std::vector<double>& weights) {
  constexpr std::int64_t most_groups = 16;
  const std::int64_t count = panel_count(e), groups = std::min(most_groups, count);
  const int members = static_cast<int>(e.layout.rows());
  const RowLayout dealt(groups, context.comm);
  std::vector<math::Matrix> sums(static_cast<std::size_t>(dealt.local_rows()), math::Matrix(members, members));
  for_each_round(context, e, groups, false, [&](std::int64_t first, const std::vector<MatrixView>& panels) {
    std::int64_t panel = first, group = dealt.first();
    for (const MatrixView& z : panels) {
      while (panel >= count * (group + 1) / groups) ++group;
      math::Matrix centred(members, z.cols);
      std::vector<double> mean(static_cast<std::size_t>(z.cols), 0.0);
      for (int j = 0; j < members; ++j)
        for (int k = 0; k < z.cols; ++k) mean[k] += weights[j] * z.data[j * z.stride + k];
      for (int j = 0; j < members; ++j)
        for (int k = 0; k < z.cols; ++k) centred(j, k) = z.data[j * z.stride + k] - mean[k];
      constexpr int tile = 64;
      const MatrixView sum = math::view(sums[static_cast<std::size_t>(group - dealt.first())]);
      kernels::for_each_row((members + tile - 1) / tile, [&](int t) {
        const int begin = t * tile, rows = std::min(tile, members - begin);
        const MatrixView some{centred.row(begin), rows, z.cols, z.cols};
        math::add_product(1.0, some, math::ConstMatrixView(z).transposed(),
                          {sum.data + begin * sum.stride, rows, members, sum.stride});
      });
      ++panel;
    }
  });
  const int size = members * members;
  math::Matrix h(members, members);
  h.a = parallel::ordered_sum(context.comm, dealt, size, [&](int group, double* sum) {
    std::copy_n(sums[static_cast<std::size_t>(group)].a.data(), size, sum);
  });
  return h;
}

}  // namespace aleator::sampler
