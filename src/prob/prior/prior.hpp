#pragma once
/// What      A prior on the parameters u, given as a map T from latent coordinates z ~ N(0, I) to u.
/// Method    transport: u = T(z). The density with respect to du is that of the push-forward; samplers work on z.
/// Parallel  local to the rows given; row by row, so that results do not depend on the batch.
/// Cost      O(rows x dimension); correlated normal O(rows x dimension^2).
/// Fails     set-up: KeyError. log_density is -infinity outside the support.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "deck/registry.hpp"
#include "io/fields.hpp"

namespace aleator::prob {

/// A named array of parameters, as it stands in results: "theta" of shape {64}.
struct Variable {
  std::string name;
  int size = 1;
};

/// "theta" of "theta[3]"; the name itself where it is none of an array.
inline std::string_view array_of(std::string_view name) { return name.substr(0, name.find('[')); }
/// "theta[3]" for arrays, "kappa" for single parameters.
std::vector<std::string> parameter_names(const std::vector<Variable>& variables);

/// The slope of a prior's log-density: optional (Prior::density_slope).
class DensitySlope {
 public:
  virtual ~DensitySlope() = default;
  /// g = d log p / du, one row inside the support.
  virtual void log_density_gradient(const double* u, double* g) const = 0;
};

/// The modes of a covariance of which a prior keeps the largest.
struct ModeSpectrum {
  std::vector<double> eigenvalues;  ///< of the modes kept, the largest first
  double total = 0.0;               ///< sum over all modes
};

class Prior {
 public:
  virtual ~Prior() = default;
  /// Number of parameters u.
  virtual int dimension() const = 0;
  /// Number of latent coordinates z; another one for fields on a grid that hang on few or on more coordinates.
  virtual int latent_dimension() const { return dimension(); }
  /// u = T(z), one row.
  virtual void to_parameters(const double* z, double* u) const = 0;
  /// z = T^-1(u), one row; NaN where u lies outside the support. Least squares, or least |z|, where T is not one to one.
  virtual void to_latent(const double* u, double* z) const = 0;
  /// g_z = (dT/dz)^T g_u at z, one row.
  virtual void pullback(const double* z, const double* g_u, double* g_z) const = 0;
  /// Whether T has no jumps, so that pullback() is its derivative.
  virtual bool is_continuous() const { return true; }
  /// log p(u) with respect to du, one row.
  virtual double log_density(const double* u) const = 0;
  /// Whether that is the normalised density of the push-forward. Else it serves to compare points with one another, if at all.
  virtual bool has_density() const { return latent_dimension() == dimension(); }
  /// Null where the slope of the log-density is not at hand.
  virtual const DensitySlope* density_slope() const { return nullptr; }
  /// The named arrays that u consists of; `name` is that of the prior's block.
  virtual std::vector<Variable> variables(const std::string& name) const { return {{name, dimension()}}; }
  /// Cells {nx}, {nx, ny} or {nx, ny, nz} of the grid to whose cells, or else nodes, the parameters belong (x fastest);
  /// empty: the parameters are no field.
  virtual std::vector<int> grid() const { return {}; }
  /// Side lengths of that grid, whose corner is the origin; as many numbers.
  virtual std::vector<double> lengths() const { return {}; }
  /// The mesh to whose elements the parameters belong, or null.
  virtual std::shared_ptr<const io::Simplices> mesh() const { return nullptr; }
  /// Of a field made of a covariance's largest modes; else empty.
  virtual ModeSpectrum spectrum() const { return {}; }
};

/// A value for each of `count` parameters (or whatever `things` says) from a deck's list: one value stands for all.
/// KeyError for other lengths.
std::vector<double> spread(const std::vector<double>& values, int count, const std::string& key,
                           const std::string& things = "parameters");

}  // namespace aleator::prob
