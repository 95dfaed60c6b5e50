#pragma once
/// What      Independent parameters of one law each, by the law's quantile function: gamma, beta, Student t and others.
/// Method    u = Q(Phi(z)); below the median from the lower tail p = Phi(z), above it from the upper tail q = Phi(-z), so that
///           both tails keep their relative accuracy. du/dz = phi(z) / p(u), taken as exp(log phi - log p).
///           A law is a class that holds one parameter's values and has from_tails, tail, log_density and slope.
/// Parallel  local, row by row; thread-safe.
///           A dear quantile (the law has stretched, unstretch and ==) is tabulated by the first row, one table for equal laws,
///           unless there are more than 64 different ones (QuantileTable).
/// Cost      one quantile a parameter: 0.05 us; where there are too many laws for tables 2 to 20 us.
/// Fails     KeyError for sizes that do not fit.
#include <cmath>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "math/special.hpp"
#include "prob/prior/prior.hpp"
#include "prob/prior/quantile_table.hpp"

namespace aleator::prob {

/// A probability by its smaller side: P(U <= u) where `is_lower`, else P(U > u).
struct Tail {
  double probability = 0.5;
  bool is_lower = true;
};

/// The smaller side of a probability of which the lower side is p and the upper side q.
inline Tail smaller_tail(double p, double q) { return p <= q ? Tail{p, true} : Tail{q, false}; }

/// Whether a law's quantile is worth a table.
template <typename Law, typename = void>
struct IsDear : std::false_type {};
template <typename Law>
struct IsDear<Law, std::void_t<decltype(&Law::unstretch)>> : std::true_type {};

/// Law: double quantile(Tail) const; Tail tail(double u) const; double log_density(double u) const (-infinity outside the
/// support); double slope(double u) const (d log p / du). If dear: double stretched(Tail) const, a number that
/// is smooth in z, double unstretch(double) const, which makes u of it, and ==.
template <typename Law>
class Independent : public Prior, private DensitySlope {
 public:
  explicit Independent(std::vector<Law> laws) : laws_(std::move(laws)) {}

  int dimension() const override { return static_cast<int>(laws_.size()); }
  void to_parameters(const double* z, double* u) const override {
    const Tables& tables = this->tables();
    for (std::size_t k = 0; k < laws_.size(); ++k) u[k] = parameter(tables, k, z[k]);
  }
  void to_latent(const double* u, double* z) const override {
    for (std::size_t k = 0; k < laws_.size(); ++k) {
      if (laws_[k].log_density(u[k]) == -std::numeric_limits<double>::infinity()) {
        z[k] = std::numeric_limits<double>::quiet_NaN();
        continue;
      }
      const Tail tail = laws_[k].tail(u[k]);
      const double quantile = math::normal_quantile(tail.probability);
      z[k] = tail.is_lower ? quantile : -quantile;
    }
  }
  void pullback(const double* z, const double* g_u, double* g_z) const override {
    constexpr double half_log_two_pi = 0.918938533204672741780329736406;
    const Tables& tables = this->tables();
    for (std::size_t k = 0; k < laws_.size(); ++k) {
      const double u = parameter(tables, k, z[k]), log_p = laws_[k].log_density(u);
      // A u that has rounded onto the end of its support moves no more.
      g_z[k] = log_p == -std::numeric_limits<double>::infinity()
                   ? 0.0
                   : g_u[k] * std::exp(-0.5 * z[k] * z[k] - half_log_two_pi - log_p);
    }
  }
  double log_density(const double* u) const override {
    double sum = 0.0;
    for (std::size_t k = 0; k < laws_.size(); ++k) sum += laws_[k].log_density(u[k]);
    return sum;
  }
  const DensitySlope* density_slope() const override { return this; }

 private:
  using Tables = std::vector<std::shared_ptr<const QuantileTable>>;  // of each law; empty: none
  struct LazyTables {
    std::once_flag once;
    Tables of_laws;
  };
  static Tail tail_at(double z) { return {math::normal_cdf(-std::abs(z)), z < 0.0}; }
  // Boost's root finders throw what no policy keeps them from, and an exception would end the threads around it, and the program.
  template <typename Find>
  static double found_or_nan(const Find& find) {
    try {
      return find();
    } catch (const std::exception&) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  }
  double parameter(const Tables& tables, std::size_t k, double z) const {
    if (std::isnan(z)) return z;
    if constexpr (IsDear<Law>::value) {
      double s = 0.0;
      if (!tables.empty() && tables[k]->evaluate(z, s)) return laws_[k].unstretch(s);
    }
    return static_cast<void>(tables), found_or_nan([&] { return laws_[k].quantile(tail_at(z)); });
  }
  const Tables& tables() const {
    if constexpr (IsDear<Law>::value) std::call_once(lazy_->once, [this] { make_tables(lazy_->of_laws); });
    return lazy_->of_laws;
  }
  void make_tables(Tables& tables) const {
    constexpr std::size_t most_laws = 64;
    std::vector<std::size_t> different;  // the first of each
    std::vector<std::size_t> like;
    for (std::size_t k = 0; k < laws_.size() && different.size() <= most_laws; ++k) {
      std::size_t i = 0;
      while (i < different.size() && !(laws_[different[i]] == laws_[k])) ++i;
      if (i == different.size()) different.push_back(k);
      like.push_back(i);
    }
    if (different.size() > most_laws) return;
    Tables made;
    for (const std::size_t k : different)
      made.push_back(std::make_shared<QuantileTable>(
          [&law = laws_[k]](double z) { return found_or_nan([&] { return law.stretched(tail_at(z)); }); }));
    for (const std::size_t i : like) tables.push_back(made[i]);
  }

  void log_density_gradient(const double* u, double* g) const override {
    for (std::size_t k = 0; k < laws_.size(); ++k) g[k] = laws_[k].slope(u[k]);
  }
  std::vector<Law> laws_;
  std::shared_ptr<LazyTables> lazy_ = std::make_shared<LazyTables>();
};

}  // namespace aleator::prob
