#pragma once
/// What      The medium of steady transport on a mesh: diffusivity, sources and velocity by element, of the deck and of the
///           unknowns.
/// Method    Each quantity named as unknown has its share of theta, in the order named. "diffusivity", "source": by group,
///           grid cell or element. "wind": a number for each axis. "stream": psi at the corners of a grid over the mesh's box,
///           x fastest, bilinear between them. "point_source": place and strength of a Gaussian of width w.
/// Parallel  local.
/// Cost      a pass over the elements.
/// Fails     KeyError: quantities that are none or do not go together, formulas that are none. fault(): why a row cannot be.
#include <memory>
#include <string>
#include <vector>

#include "pde/evolution/grid.hpp"
#include "pde/steady_transport/steady_transport.hpp"

namespace aleator::pde::steady_transport {

/// By element; velocity: dimension numbers each.
struct MediumFields {
  std::vector<double> diffusivity, source, velocity;
  void clear();
};

class Medium {
 public:
  Medium(const Params& params, std::shared_ptr<const field::Mesh> mesh);
  const std::vector<std::string>& input_names() const { return names_; }
  const std::vector<model::InputField>& input_fields() const { return input_fields_; }
  bool is_unknown(const std::string& quantity) const { return first_of(quantity) >= 0; }

  std::string fault(const double* theta) const;
  void fields(const double* theta, MediumFields& out) const;
  void tangent(const double* theta, const double* d_theta, MediumFields& out) const;
  /// g_theta += (dfields / dtheta)^T g.
  void add_transposed(const double* theta, const MediumFields& g, double* g_theta) const;

 private:
  int first_of(const std::string& quantity) const;
  void add_names(const std::string& quantity, const Params& params);
  enum class Values { point, direction };
  /// What is linear in theta, with the known values of other groups at a point, without them in a direction.
  void add_linear(const double* theta, Values values, MediumFields& out) const;
  /// work(element, axis, k, weight): weight of the k-th value of psi in a velocity.
  template <class Work>
  void for_each_stream_entry(const Work& work) const;
  /// Of strength 1 at an element: its value, and its gradient in the place of the source.
  double blob(std::size_t element, const double* place, double* gradient) const;

  std::shared_ptr<const field::Mesh> mesh_;
  std::vector<std::pair<std::string, int>> first_;  ///< quantities, and where their unknowns begin
  std::vector<std::string> names_;
  std::vector<model::InputField> input_fields_;
  fem::ElementValues by_element_;
  MediumFields known_;
  double width_ = 0.0;
  evolution::SparseMap stream_;  ///< psi at the nodes
};

}  // namespace aleator::pde::steady_transport
