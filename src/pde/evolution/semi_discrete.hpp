#pragma once
/// What      An evolution equation after discretisation in space: x' = f(t, q, x) on a grid. All that a new model must give.
/// Method    prepare() makes coefficients q and the initial state x of the unknowns u. The state is one field after the other,
///           each of grid.size() values. Derivatives are products with the Jacobians of f and prepare, and with their transposes.
///           The grid may be a strip: x, dx and w then come with the neighbours' rows of them (grid.cells()), of the results own
///           cells count, and gq, gu and rates are those of own cells, which the engine adds up and takes the largest of.
///           Where f looks at q of a neighbour, prepare() fills that in: u is whole on every rank.
/// Parallel  const and without state: called by several threads, each with a row of its own. Nothing here knows of other ranks.
/// Cost      of the model.
/// Fails     fault() says why a u is no model; a state that stops being finite is the engine's affair.
#include <string>
#include <utility>
#include <vector>

#include "model/forward_model.hpp"
#include "pde/evolution/grid.hpp"

namespace aleator::pde::evolution {

struct Layout {
  Grid grid;
  std::vector<std::string> field_names;
  std::vector<int> observed;  ///< fields, by index, at points and over patches
  /// Observed after the fields: the sum of `parts` values, such as of the faces of a side, each of which one strip has.
  struct Flux {
    std::string name;
    int parts;
  };
  std::vector<Flux> fluxes;
  int coefficients = 0;  ///< size of q
  std::vector<std::string> input_names;
  std::vector<model::InputField> input_fields;
  int state_size() const { return grid.size() * static_cast<int>(field_names.size()); }
  /// No strip has more.
  int largest_state_size() const { return grid.largest_size() * static_cast<int>(field_names.size()); }
};

/// The values of the key initial_state at own cells, a field after the other; empty where it is not given.
std::vector<double> initial_state(const nodal::NodeParams& params, const Layout& layout);

/// Where f and its derivatives are taken.
struct Point {
  double t;
  const double* q;
  const double* x;
};

/// Bounds on the eigenvalues of df/dx: of the imaginary part, and of the negative real part.
struct Rates {
  double oscillation = 0.0, decay = 0.0;
};

class SemiDiscrete {
 public:
  explicit SemiDiscrete(Layout layout) : layout_(std::move(layout)) {}
  virtual ~SemiDiscrete() = default;
  const Layout& layout() const { return layout_; }

  /// Why there is no model for these unknowns (finite numbers), or empty.
  virtual std::string fault(const double* u) const = 0;
  /// q and the initial state x.
  virtual void prepare(const double* u, double* q, double* x) const = 0;
  /// The same of the deck's values, where no u is given; false: the model has none of its own.
  virtual bool prepare_own(double* /*q*/, double* /*x*/) const { return false; }
  virtual void prepare_tangent(const double* u, const double* du, double* dq, double* dx) const = 0;
  /// gu += (dq/du)^T gq + (dx/du)^T gx.
  virtual void prepare_transposed(const double* u, const double* gq, const double* gx, double* gu) const = 0;

  virtual void f(const Point& at, double* f) const = 0;
  /// df = f_x dx + f_q dq.
  virtual void tangent(const Point& at, const double* dq, const double* dx, double* df) const = 0;
  /// gx = f_x^T w, gq += f_q^T w.
  virtual void transposed(const Point& at, const double* w, double* gx, double* gq) const = 0;

  /// For q and the initial state; of no less where either grows.
  virtual Rates rates(const double* q, const double* x) const = 0;
  /// What of these is known without u: a step too long for it is refused at once.
  virtual Rates known_rates() const { return {}; }
  /// The parts of all fluxes: this strip's, and 0 for those of others. Of x they look at own cells alone.
  virtual void flux(const Point& /*at*/, double* /*parts*/) const {}
  virtual void flux_tangent(const Point& /*at*/, const double* /*dq*/, const double* /*dx*/, double* /*parts*/) const {}
  /// gx += flux_x^T w and gq += flux_q^T w, w by parts.
  virtual void add_flux_transposed(const Point& /*at*/, const double* /*w*/, double* /*gx*/, double* /*gq*/) const {}

  /// Pictures of the coefficients.
  virtual std::vector<std::pair<std::string, std::vector<double>>> coefficient_fields(const double*) const {
    return {};
  }

 private:
  Layout layout_;
};

}  // namespace aleator::pde::evolution
