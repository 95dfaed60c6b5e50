#pragma once
/// What      The parts of a Layout: coefficients by element, conditions on sides, loads, observations, the
///           integrals over elements and facets.
/// Method    P1 elements: with g_i the gradients of the hats, V the volume in d dimensions, A the area of a facet:
///           stiffness V g_i . g_j, mass V (1 + delta_ij) / ((d + 1)(d + 2)), mass of a facet A (1 + delta_ij) / (d (d + 1)).
///           Given functions are interpolated at the nodes first.
/// Parallel  local.
/// Cost      a pass over the mesh each; points are sought in all elements.
/// Fails     KeyError: sides or groups the mesh has not (it says which it has), points outside, coefficients without value.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pde/fem/equation.hpp"
#include "pde/fem/params.hpp"

namespace aleator::pde::fem {

using SpaceFunction = std::function<double(const double* x)>;
inline SpaceFunction constant(double value) {
  return [value](const double*) { return value; };
}

/// KeyError where the mesh, or one of its pieces, has no node that is held: its solution is not determined.
void refuse_free_pieces(const field::Mesh& mesh, const std::vector<char>& is_held, const std::string& key,
                        const std::string& fault, const std::string& hint);

/// A coefficient that is constant on each element: an unknown, or known.
struct ElementValues {
  std::vector<int> owner;     ///< by element: which unknown, or -1
  std::vector<double> known;  ///< by element, where owner is -1
  int unknowns = 0;
  std::vector<std::string> names;  ///< of the unknowns, behind the name of the quantity
  std::vector<int> grid;           ///< cells along each axis where these own the unknowns
  std::vector<double> lengths;     ///< of their box
  std::shared_ptr<const io::Simplices> picture;

  /// As model::Shape; the unknowns are inputs from `first` on.
  std::vector<model::InputField> fields_from(int first) const;
  double at(std::size_t element, const double* theta) const {
    return owner[element] >= 0 ? theta[owner[element]] : known[element];
  }
  std::vector<double> all(const double* theta) const;
};
/// Groups that are neither known nor unknown are an error, or `are_others_zero`.
ElementValues element_values(const MeshParams& params, const field::Mesh& mesh, bool are_others_zero = false);

/// Index of a side or group; KeyError at `key` that names those there are.
int side_of(const field::Mesh& mesh, const std::string& key, const std::string& name);
int group_of(const field::Mesh& mesh, const std::string& key, const std::string& name);

/// One term an element: dofs of `fields` interleaved unknowns a node, coefficient e, matrices still zero.
Terms element_terms(const field::Mesh& mesh, int fields);
/// V g_i . g_j, coefficient e.
Terms stiffness(const field::Mesh& mesh);
/// Mass matrices of a side's facets, coefficient `coefficient`.
Terms side_mass(const field::Mesh& mesh, int side, int coefficient);

/// Index of a side on which `key` gives a condition for a field; KeyError where one is given already.
int claim_side(Layout& layout, const std::string& key, const std::string& name, int field);
/// u_field = value on a side; later calls replace earlier ones at common nodes. Returns the place in Layout::held.
int fix_side(Layout& layout, int side, int field, const SpaceFunction& value);
/// By unknown: 1 where it is held by that entry of Layout::held and no later one, else 0.
std::vector<double> nodes_held(const Layout& layout, int place);
/// Adds integrals of density times hats, over one group of elements or all (-1).
void add_body_load(const Layout& layout, int group, int field, const SpaceFunction& density, std::vector<double>& load);
void add_side_load(const Layout& layout, int side, int field, const SpaceFunction& density, std::vector<double>& load);
/// A delta function at a point.
void add_point_load(const Layout& layout, const std::string& key, const std::vector<double>& point, int field,
                    std::vector<double>& load);

/// Points and patches of all fields, field fastest.
void observe(const MeshParams& params, Layout& layout);
/// The sum of the reactions A u - b over a side, for each field; nodes shared by fixed sides count in equal parts. KeyError where
/// nothing is held.
void observe_reactions(const std::string& key, const std::vector<std::string>& sides, const std::string& name,
                       Layout& layout);

}  // namespace aleator::pde::fem
