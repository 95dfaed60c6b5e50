#pragma once
/// What      What a finite element model brings: its terms, conditions, loads and observations, and how its coefficients hang on
///           the unknowns theta. Engine does the rest.
/// Method    A(q(theta)) u = b_l + S^T s for each load l, s a part of q, u = g + G^T s where fixed; outputs P u, then
///           W (A u - b), load by load.
/// Parallel  local; const functions, called by one thread.
/// Cost      -
/// Fails     fault() says why a row of unknowns cannot be; construction throws KeyError.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "field/mesh/mesh.hpp"
#include "model/forward_model.hpp"
#include "pde/fem/system.hpp"

namespace aleator::pde::fem {

struct Layout {
  std::shared_ptr<const field::Mesh> mesh;
  std::vector<std::string> field_names;  ///< of the unknowns at a node
  int coefficients = 0;                  ///< of q
  std::vector<Terms> terms;
  std::vector<char> is_fixed;             ///< by unknown: how many sides hold it
  std::vector<std::pair<int, int>> held;  ///< sides and fields that they hold
  std::vector<int> held_by;               ///< by unknown: the last of `held` that holds it, or -1
  struct Condition {
    int side, field;
    std::string key;
  };
  std::vector<Condition> conditions;  ///< what the deck gives at sides, under which key
  std::vector<double> fixed_values;   ///< g
  std::vector<std::vector<double>> loads;
  Functionals sources;  ///< S, added to every load with the coefficients from first_source on
  Functionals imposed;  ///< G, on fixed unknowns, of the same coefficients; no rows where none is unknown
  int first_source = 0;
  Functionals observed;                                ///< P
  Functionals reactions;                               ///< W, on fixed unknowns
  std::vector<std::string> input_names, output_names;  ///< outputs of one load
  std::vector<model::InputField> input_fields;
  bool is_definite = true, is_symmetric = true;
  std::vector<std::vector<double>> near_null_space;

  int fields() const { return static_cast<int>(field_names.size()); }
  int unknowns() const { return fields() * mesh->node_count(); }
  /// No loads and nothing fixed yet.
  void start(std::shared_ptr<const field::Mesh> the_mesh, std::vector<std::string> names);
};

class Equation {
 public:
  explicit Equation(Layout layout) : layout_(std::move(layout)) {}
  virtual ~Equation() = default;
  const Layout& layout() const { return layout_; }

  /// Why there is no solution at these unknowns, or empty. They are finite.
  virtual std::string fault(const double* theta) const = 0;
  virtual void coefficients(const double* theta, double* q) const = 0;
  virtual void coefficients_tangent(const double* theta, const double* d_theta, double* dq) const = 0;
  /// g_theta += (dq / dtheta)^T g_q.
  virtual void add_transposed(const double* theta, const double* g_q, double* g_theta) const = 0;
  /// By element, to be looked at: name, values.
  virtual std::vector<std::pair<std::string, std::vector<double>>> pictures(const double* theta) const = 0;

 private:
  Layout layout_;
};

}  // namespace aleator::pde::fem
