#include "assimilation/kalman/letkf.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "assimilation/kalman/gain.hpp"
#include "assimilation/kalman/transform.hpp"
#include "core/error.hpp"
#include "kernels/symmetric_eigen.hpp"

namespace aleator::assimilation {
namespace {

constexpr int lanes = kernels::native_lanes;
using StatePack = kernels::Pack<lanes>;

StatePack load(const double* from) {
  StatePack p;
  __builtin_memcpy(&p, from, sizeof p);
  return p;
}

// One replicate's ensemble, in the form in which every pack of states needs it.
struct Shared {
  int members = 0, stride = 0;
  std::vector<double> mean;        // states, padded to whole packs
  std::vector<double> anomalies;   // [member][state], padded
  std::vector<double> s;           // [observable][member], 0 where the datum is missing
  std::vector<double> innovation;  // [observable]
  std::vector<double> products;    // [observable][pair of members]; none where states are analysed one by one
};

Shared share(const Members& x, const Observed& seen, int observables, bool with_products) {
  Shared a;
  a.members = x.count, a.stride = (x.states + lanes - 1) / lanes * lanes;
  a.mean = mean_of(x);
  a.mean.resize(static_cast<std::size_t>(a.stride));
  a.anomalies.resize(static_cast<std::size_t>(x.count) * a.stride);
  for (int j = 0; j < x.count; ++j)
    for (int i = 0; i < x.states; ++i) a.anomalies[j * a.stride + i] = x[j][i] - a.mean[i];
  const std::size_t pairs = with_products ? static_cast<std::size_t>(x.count) * (x.count + 1) / 2 : 0;
  a.s.resize(static_cast<std::size_t>(observables) * x.count);
  a.innovation.resize(static_cast<std::size_t>(observables));
  a.products.resize(static_cast<std::size_t>(observables) * pairs);
  for (std::size_t o = 0; o < seen.index.size(); ++o) {
    const int k = seen.index[o];
    double* const s = &a.s[static_cast<std::size_t>(k) * x.count];
    a.innovation[k] = seen.innovation[o];
    for (int j = 0; j < x.count; ++j) s[j] = seen.anomalies(j, static_cast<int>(o));
    if (!with_products) continue;
    double* product = &a.products[static_cast<std::size_t>(k) * pairs];
    for (int j = 0; j < x.count; ++j)
      for (int l = 0; l <= j; ++l) *product++ = s[j] * s[l];
  }
  return a;
}

}  // namespace

struct Letkf::Neighbourhood {
  struct Neighbour {
    int observable;
    StatePack taper;  // at each state of the pack
  };
  std::vector<std::vector<Neighbour>> of_pack;
  std::size_t most = 0;  // observables near a pack

  Neighbourhood(const model::StateInfo& info, double radius) {
    const int d = static_cast<int>(info.names.size()), p = static_cast<int>(info.observed.size());
    of_pack.resize(static_cast<std::size_t>((d + lanes - 1) / lanes));
    for (int i = 0; i < d; i += lanes)
      for (int k = 0; k < p; ++k) {
        Neighbour one{k, {}};
        bool is_near = false;
        for (int lane = 0; lane < std::min(lanes, d - i); ++lane) {
          const double here = taper(distance(info, i + lane, k), radius);
          kernels::lane_of(one.taper, lane) = here;
          is_near = is_near || here > 0.0;
        }
        if (is_near) of_pack[static_cast<std::size_t>(i / lanes)].push_back(one);
      }
    for (const std::vector<Neighbour>& near : of_pack) most = std::max(most, near.size());
  }
};

namespace {

// Memory of one thread: matrix, eigenvectors, S delta, V^T a.
struct LocalMemory {
  explicit LocalMemory(int n) : matrix(n * n), vectors(n * n), b(n), z(n) {}
  std::vector<StatePack> matrix, vectors, b, z;
};

void weigh(const Shared& a, const std::vector<Letkf::Neighbourhood::Neighbour>& near, LocalMemory& m) {
  const int n = a.members, pairs = n * (n + 1) / 2;
  std::fill(m.b.begin(), m.b.end(), StatePack{});
  std::fill(m.matrix.begin(), m.matrix.begin() + pairs, StatePack{});
  for (const auto& [k, weight] : near) {
    const double* const product = &a.products[static_cast<std::size_t>(k) * pairs];
    const double* const s = &a.s[static_cast<std::size_t>(k) * n];
    for (int i = 0; i < pairs; ++i) m.matrix[i] += weight * product[i];
    const StatePack pull = weight * a.innovation[k];
    for (int j = 0; j < n; ++j) m.b[j] += pull * s[j];
  }
  for (int j = n - 1, at = pairs; j >= 0; --j)  // from a packed triangle to a square, from its end
    for (int l = j; l >= 0; --l) m.matrix[j * n + l] = m.matrix[--at];
}

// With z = V^T a: x_j = mean + w . a + sum_k v_jk root_k z_k, w . a = sum_k (V^T b)_k z_k / (N - 1 + l_k); T is never formed.
void analyse_pack(const Shared& a, const std::vector<Letkf::Neighbourhood::Neighbour>& near, int first, LocalMemory& m,
                  const Members& x) {
  const int n = a.members;
  weigh(a, near, m);
  kernels::symmetric_eigen<lanes>(n, m.matrix.data(), m.vectors.data());
  StatePack shift{};
  for (int k = 0; k < n; ++k) {
    StatePack along{}, z{};
    for (int j = 0; j < n; ++j) {
      along += m.vectors[j * n + k] * m.b[j];
      z += m.vectors[j * n + k] * load(&a.anomalies[static_cast<std::size_t>(j) * a.stride + first]);
    }
    const StatePack value = m.matrix[k * n + k], total = (n - 1.0) + (value < 0.0 ? StatePack{} : value);
    shift += along / total * z;
    m.z[k] = kernels::square_root<lanes>((n - 1.0) / total) * z;
  }
  const StatePack mean = load(&a.mean[first]) + shift;
  const int width = std::min(lanes, x.states - first);
  for (int j = 0; j < n; ++j) {
    StatePack sum = mean;
    for (int k = 0; k < n; ++k) sum += m.vectors[j * n + k] * m.z[k];
    for (int lane = 0; lane < width; ++lane) x[j][first + lane] = kernels::lane_of(sum, lane);
  }
}

// The same of one state, from the Gram matrix of the data near it: for members that are many more than those.
void analyse_state(const Shared& a, const std::vector<Letkf::Neighbourhood::Neighbour>& near, int i, const Members& x) {
  const int n = a.members, p = static_cast<int>(near.size());
  if (p == 0) return;
  math::Matrix s(n, p), own(n, 1);
  std::vector<double> delta;
  for (int o = 0; o < p; ++o) {
    auto [k, taper] = near[static_cast<std::size_t>(o)];
    const double root = std::sqrt(kernels::lane_of(taper, i % lanes));
    for (int j = 0; j < n; ++j) s(j, o) = root * a.s[static_cast<std::size_t>(k) * n + j];
    delta.push_back(root * a.innovation[k]);
  }
  for (int j = 0; j < n; ++j) own(j, 0) = a.anomalies[static_cast<std::size_t>(j) * a.stride + i];
  const Transform t = transform_of(s, delta);
  const math::Matrix moved = t.times(own);
  double mean = a.mean[static_cast<std::size_t>(i)];
  for (int j = 0; j < n; ++j) mean += t.w[j] * own(j, 0);
  for (int j = 0; j < n; ++j) x[j][i] = mean + moved(j, 0);
}

// A pack's states one by one. Errors may not leave a thread: a state that is not a number is noticed after the analysis.
void analyse_states(const Shared& a, const std::vector<Letkf::Neighbourhood::Neighbour>& near, int first,
                    const Members& x) {
  for (int i = first; i < std::min(first + lanes, x.states); ++i) try {
      analyse_state(a, near, i, x);
    } catch (const core::NumericsError&) {
      x[0][i] = std::nan("");
    }
}

}  // namespace

deck::Schema<Letkf::Params> Letkf::schema() {
  deck::Schema<Params> s("Local ensemble transform Kalman filter",
                         "Hunt, Kostelich, Szunyogh 2007; Gaspari, Cohn 1999");
  add_ensemble_keys(s);
  s.key("radius", &Params::radius, "as the model's coordinates",
        "localisation radius: a state sees the observations within 3.65 radii, tapered", deck::positive())
      .key("rotate", &Params::rotate, "",
           "turn the anomalies by a random rotation that keeps the mean, the same everywhere, after each analysis");
  return s;
}

std::string Letkf::objection(const model::StateInfo& info, bool) const {
  return info.coordinates.empty() ? no_places : "";
}

Letkf::State Letkf::init(const Experiment& experiment) const {
  State s;
  s.start(experiment, params.members, params.inflation);
  return s;
}

void Letkf::step(const Experiment& experiment, const Cycle& cycle, State& s) const {
  if (!s.neighbours) s.neighbours = std::make_shared<const Neighbourhood>(experiment.info(), params.radius);
  constexpr double not_known = std::numeric_limits<double>::quiet_NaN();
  forecast_and_analyse(params, experiment, cycle, s, not_known, [&](int r, const Members& x, const Observed& seen) {
    const bool is_small_in_data = 2 * s.neighbours->most < static_cast<std::size_t>(x.count);
    const Shared shared = share(x, seen, experiment.observables(), !is_small_in_data);
    const int packs = static_cast<int>(s.neighbours->of_pack.size());
    const auto analyse = [&](int first, int last) {
      LocalMemory memory(is_small_in_data ? 0 : x.count);
      for (int pack = first; pack < last; ++pack)
        if (is_small_in_data)
          analyse_states(shared, s.neighbours->of_pack[pack], pack * lanes, x);
        else
          analyse_pack(shared, s.neighbours->of_pack[pack], pack * lanes, memory, x);
    };
    constexpr int chunk = 16;  // packs: 128 states, well above the price of a team of threads
    if (packs < 2 * chunk) {
      analyse(0, packs);
    } else {
      kernels::for_each_row((packs + chunk - 1) / chunk,
                            [&](int c) { analyse(c * chunk, std::min(packs, (c + 1) * chunk)); });
    }
    if (params.rotate) {
      const std::vector<double> mean = mean_of(x);
      math::Matrix turned = anomalies_of(x, mean);
      rotate(turned, experiment.rng(r), cycle.number);
      for (int j = 0; j < x.count; ++j)
        for (int i = 0; i < x.states; ++i) x[j][i] = mean[i] + turned(j, i);
    }
  });
}

}  // namespace aleator::assimilation
