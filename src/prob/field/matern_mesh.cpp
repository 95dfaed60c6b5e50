#include "prob/field/matern_mesh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/log.hpp"

namespace aleator::prob {
namespace {

using field::Mesh;

// Elements that are longer than half the range leave nothing of the correlation's form.
void warn_if_coarse(const Mesh& mesh, const std::vector<double>& range) {
  const double shortest = *std::min_element(range.begin(), range.end());
  double longest = 0.0;
  for (int e = 0; e < mesh.element_count(); ++e) longest = std::max(longest, mesh.longest_edge(e));
  if (2.0 * longest > shortest)
    core::warn(
        "prior/matern_mesh: elements of length {:.3g} do not resolve the range {:.3g}: values of neighbours hang on "
        "each other otherwise than in the continuous field; take elements of at most half the range",
        longest, shortest);
}

std::vector<double> lumped_mass(const Mesh& mesh) {
  std::vector<double> mass(static_cast<std::size_t>(mesh.node_count()), 0.0);
  for (int e = 0; e < mesh.element_count(); ++e) {
    const double share = mesh.volume(e) / mesh.corners();
    for (int c = 0; c < mesh.corners(); ++c) mass[mesh.element(e)[c]] += share;
  }
  return mass;
}

// K = M + G; l: a length for each axis.
math::SparseRows elliptic_matrix(const Mesh& mesh, const std::vector<double>& mass, const std::vector<double>& l) {
  std::vector<math::SparseEntry> entries;
  for (int node = 0; node < mesh.node_count(); ++node) entries.push_back({node, node, mass[node]});
  double g[12];
  const int d = mesh.dimension;
  for (int e = 0; e < mesh.element_count(); ++e) {
    const double volume = mesh.gradients(e, g);
    for (int i = 0; i <= d; ++i)
      for (int j = 0; j <= d; ++j) {
        double sum = 0.0;
        for (int a = 0; a < d; ++a) sum += l[a] * l[a] * g[i * d + a] * g[j * d + a];
        entries.push_back({mesh.element(e)[i], mesh.element(e)[j], volume * sum});
      }
  }
  return math::sparse_rows(mesh.node_count(), std::move(entries));
}

std::unique_ptr<const math::SparseCholesky> factorised(const math::SparseRows& a) try {
  return std::make_unique<const math::SparseCholesky>(a);
} catch (const core::NumericsError& error) {
  throw deck::KeyError("range", error.what(), "a coarser mesh, a smaller alpha or a shorter range");
}

}  // namespace

deck::Schema<MaternMesh::Params> MaternMesh::schema() {
  deck::Schema<Params> s(
      "Whittle-Matern field on the elements of a mesh, its standard deviation the same in each of them",
      "Lindgren, Rue, Lindstrom 2011; Daon, Stadler 2018; Takahashi et al. 1973");
  field::add_mesh_keys(s);
  s.key("range", &Params::range, "",
        "distance at which the correlation is about 0.1, sqrt(8 nu) / kappa: one for all axes or one for each",
        deck::positive())
      .key("sd", &Params::sd, "", "standard deviation of the normal field in every element", deck::positive())
      .key("alpha", &Params::alpha, "1",
           "power of the operator 1 - div(H grad); smoothness nu = alpha - d/2: 1, 2, 3 in the plane",
           deck::between(2, 4));
  add_value_keys(s, "elements");
  return s;
}

MaternMesh::MaternMesh(const Params& params) : MaternMesh(params, field::make_mesh(params)) {}

MaternMesh::MaternMesh(const Params& params, std::shared_ptr<const Mesh> mesh)
    : GaussianField(mesh->element_count(), "elements", params.mean, params.transform),
      mesh_(std::move(mesh)),
      picture_(field::simplices(*mesh_)),
      sd_(params.sd) {
  const int d = mesh_->dimension;
  std::vector<double> l = spread(params.range, d, "range", "axes");
  warn_if_coarse(*mesh_, l);
  for (double& value : l) value /= std::sqrt(8.0 * (params.alpha - 0.5 * d));
  std::vector<double> mass = lumped_mass(*mesh_);
  const math::SparseRows k = elliptic_matrix(*mesh_, mass, l);
  for (double& m : mass) m = 1.0 / m;
  precision_ = k;
  for (int power = 1; power < params.alpha; ++power) precision_ = math::multiply(precision_, mass, k);
  factor_ = factorised(precision_);

  const math::SelectedInverse covariance(*factor_);
  for (int e = 0; e < mesh_->element_count(); ++e) {
    double variance = 0.0;  // of the sum over the corners
    for (int i = 0; i <= d; ++i)
      for (int j = 0; j <= d; ++j) variance += covariance(mesh_->element(e)[i], mesh_->element(e)[j]);
    scale_.push_back(sd_ / std::sqrt(variance));
  }
}

void MaternMesh::to_elements(const double* y, double* x) const {
  const int corners = mesh_->corners();
  for (int e = 0; e < mesh_->element_count(); ++e) {
    const int* const node = mesh_->element(e);
    double sum = 0.0;
    for (int c = 0; c < corners; ++c) sum += y[node[c]];
    x[e] = scale_[e] * sum;
  }
}

void MaternMesh::to_nodes(const double* g_x, double* g_y) const {
  std::fill_n(g_y, mesh_->node_count(), 0.0);
  for (int e = 0; e < mesh_->element_count(); ++e)
    for (int c = 0; c < mesh_->corners(); ++c) g_y[mesh_->element(e)[c]] += scale_[e] * g_x[e];
}

void MaternMesh::apply(const double* z, double* x) const {
  std::vector<double> y(static_cast<std::size_t>(mesh_->node_count()));
  factor_->apply_root(z, y.data());
  to_elements(y.data(), x);
}

void MaternMesh::apply_transposed(const double* g_x, double* g_z) const {
  std::vector<double> y(static_cast<std::size_t>(mesh_->node_count()));
  to_nodes(g_x, y.data());
  factor_->apply_root_transposed(y.data(), g_z);
}

// The least |x - B y|^2 + delta^2 |z|^2: B has a null space on meshes whose nodes can be coloured with d + 1 colours.
void MaternMesh::solve(const double* x, double* z) const {
  const auto n = static_cast<std::size_t>(mesh_->node_count());
  std::call_once(once_, [&] {
    const double delta = 1e-6 * sd_;
    std::vector<math::SparseEntry> entries;
    for (int i = 0; i < precision_.size; ++i)
      for (int k = precision_.first[i]; k < precision_.first[i + 1]; ++k)
        entries.push_back({i, precision_.column[k], delta * delta * precision_.value[k]});
    for (int e = 0; e < mesh_->element_count(); ++e)
      for (int i = 0; i < mesh_->corners(); ++i)
        for (int j = 0; j < mesh_->corners(); ++j)
          entries.push_back({mesh_->element(e)[i], mesh_->element(e)[j], scale_[e] * scale_[e]});
    inverse_ = std::make_unique<const math::SparseCholesky>(math::sparse_rows(precision_.size, std::move(entries)));
  });
  std::vector<double> y(n);
  to_nodes(x, y.data());
  inverse_->solve(y.data(), y.data());
  factor_->solve_root(y.data(), z);
}

double MaternMesh::log_density(const double* u) const { return density_of_latent(u); }

int MaternMesh::value_at(const std::vector<double>& point, std::size_t number) const {
  if (static_cast<int>(point.size()) != mesh_->dimension)
    throw deck::KeyError("points", fmt::format("point {} has {} coordinates, but the mesh is in {} dimensions", number,
                                               point.size(), mesh_->dimension));
  const int element = field::locate(*mesh_, point.data()).element;
  if (element < 0) throw deck::KeyError("points", fmt::format("point {} lies outside the mesh", number));
  return element;
}

}  // namespace aleator::prob
