#include "sampler/ensemble/panels.hpp"

#include <algorithm>

namespace aleator::sampler {
namespace {

using math::MatrixView;
using parallel::RowLayout;

constexpr int panels_a_round = 8;  // that a rank holds at a time when there are several

std::int64_t panel_count(const Ensemble& e) {
  return (static_cast<std::int64_t>(e.position.extent(1)) + panel_columns - 1) / panel_columns;
}

int columns_of(const Ensemble& e, std::int64_t panel) {
  return static_cast<int>(
      std::min<std::int64_t>(panel_columns, static_cast<std::int64_t>(e.position.extent(1)) - panel * panel_columns));
}

// Work on some panels that follow one another, each J x columns.
using RoundWork = std::function<void(std::int64_t first_panel, const std::vector<MatrixView>& panels)>;

// The panels [first, last) that each rank treats in a round.
struct Round {
  std::vector<std::int64_t> first, last;
};

// This rank's rows of the panels of `to`.
std::vector<double> packed(const Ensemble& e, std::int64_t first, std::int64_t last) {
  std::vector<double> out;
  for (std::int64_t panel = first; panel < last; ++panel)
    for (int row = 0; row < e.rows(); ++row) {
      const double* const from = &e.position(row, panel * panel_columns);
      out.insert(out.end(), from, from + columns_of(e, panel));
    }
  return out;
}

void unpack(const Ensemble& e, std::int64_t first, std::int64_t last, const std::vector<double>& in) {
  auto from = in.begin();
  for (std::int64_t panel = first; panel < last; ++panel)
    for (int row = 0; row < e.rows(); ++row, from += columns_of(e, panel))
      std::copy_n(from, columns_of(e, panel), &e.position(row, panel * panel_columns));
}

void exchange_and_work(const Context& context, const Ensemble& e, const Round& round, bool writes,
                       const RoundWork& work) {
  const int ranks = context.comm.size(), me = context.comm.rank();
  std::vector<std::vector<double>> send(static_cast<std::size_t>(ranks));
  for (int to = 0; to < ranks; ++to) send[to] = packed(e, round.first[to], round.last[to]);
  const std::vector<std::vector<double>> received = context.comm.all_to_all(send);
  std::vector<std::vector<double>> storage;
  std::vector<MatrixView> panels;
  std::vector<std::size_t> next(static_cast<std::size_t>(ranks), 0);
  for (std::int64_t panel = round.first[me]; panel < round.last[me]; ++panel) {
    std::vector<double> all;
    const int columns = columns_of(e, panel);
    for (int from = 0; from < ranks; ++from) {
      const std::size_t size = static_cast<std::size_t>(e.layout.last_row(from) - e.layout.first_row(from)) * columns;
      const auto begin = received[from].begin() + static_cast<std::ptrdiff_t>(next[from]);
      all.insert(all.end(), begin, begin + static_cast<std::ptrdiff_t>(size));
      next[from] += size;
    }
    storage.push_back(std::move(all));
    panels.push_back({storage.back().data(), static_cast<int>(e.layout.rows()), columns, columns});
  }
  work(round.first[me], panels);
  if (!writes) return;
  for (int to = 0; to < ranks; ++to) {
    send[to].clear();
    for (const MatrixView& panel : panels)
      send[to].insert(send[to].end(), panel.data + e.layout.first_row(to) * panel.stride,
                      panel.data + e.layout.last_row(to) * panel.stride);
  }
  const std::vector<std::vector<double>> back = context.comm.all_to_all(send);
  for (int from = 0; from < ranks; ++from) unpack(e, round.first[from], round.last[from], back[from]);
}

// Every panel once, on the rank that `dealt` gives its group; groups are runs of panels, as even as can be.
void for_each_round(const Context& context, const Ensemble& e, std::int64_t groups, bool writes,
                    const RoundWork& work) {
  const std::int64_t count = panel_count(e);
  if (context.comm.size() == 1) {
    std::vector<MatrixView> panels;
    for (std::int64_t panel = 0; panel < count; ++panel)
      panels.push_back({&e.position(0, panel * panel_columns), e.rows(), columns_of(e, panel),
                        static_cast<std::ptrdiff_t>(e.position.extent(1))});
    work(0, panels);
    return;
  }
  const RowLayout dealt(groups, context.comm);
  std::int64_t longest = 0;
  for (int rank = 0; rank < dealt.ranks(); ++rank)
    longest = std::max(longest, count * dealt.last_row(rank) / groups - count * dealt.first_row(rank) / groups);
  for (std::int64_t done = 0; done < longest; done += panels_a_round) {
    Round round;
    for (int rank = 0; rank < dealt.ranks(); ++rank) {
      const std::int64_t last = count * dealt.last_row(rank) / groups;
      round.first.push_back(std::min(count * dealt.first_row(rank) / groups + done, last));
      round.last.push_back(std::min(round.first.back() + panels_a_round, last));
    }
    exchange_and_work(context, e, round, writes, work);
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
