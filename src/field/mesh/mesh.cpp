#include "field/mesh/mesh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace aleator::field {
namespace {

// A facet of an element: its nodes in rising order, and whether the element lies on its positive side.
struct Face {
  std::array<int, 3> node;
  int element;
  bool is_positive;
  bool operator<(const Face& other) const { return node != other.node ? node < other.node : element < other.element; }
};

// Rising order; whether the permutation is even.
bool sort_nodes(std::array<int, 3>& node) {
  bool is_even = true;
  for (const auto& [a, b] : {std::pair<int, int>{0, 1}, {1, 2}, {0, 1}})
    if (node[a] > node[b]) std::swap(node[a], node[b]), is_even = !is_even;
  return is_even;
}

std::vector<Face> faces_of(const Mesh& mesh) {
  std::vector<Face> faces;
  faces.reserve(mesh.elements.size());
  for (int e = 0; e < mesh.element_count(); ++e)
    for (int opposite = 0; opposite < mesh.corners(); ++opposite) {
      Face face{{-1, -1, -1}, e, true};
      int count = mesh.dimension == 2 ? 1 : 0;  // an edge keeps -1 in front
      for (int c = 0; c < mesh.corners(); ++c)
        if (c != opposite) face.node[static_cast<std::size_t>(count++)] = mesh.element(e)[c];
      face.is_positive = sort_nodes(face.node) == (opposite % 2 == 0);
      faces.push_back(face);
    }
  std::sort(faces.begin(), faces.end());
  return faces;
}

double signed_volume(const Mesh& mesh, int e) {
  const int* const node = mesh.element(e);
  const double* const origin = mesh.point(node[0]);
  double edge[3][3] = {};
  for (int c = 1; c < mesh.corners(); ++c)
    for (int d = 0; d < mesh.dimension; ++d) edge[c - 1][d] = mesh.point(node[c])[d] - origin[d];
  if (mesh.dimension == 2) return 0.5 * (edge[0][0] * edge[1][1] - edge[0][1] * edge[1][0]);
  double sum = 0.0;
  for (int d = 0; d < 3; ++d)
    sum += edge[0][d] * (edge[1][(d + 1) % 3] * edge[2][(d + 2) % 3] - edge[1][(d + 2) % 3] * edge[2][(d + 1) % 3]);
  return sum / 6.0;
}

// Against the volume of a regular element with the same longest edge.
bool is_flat(const Mesh& mesh, int e, double volume) {
  return !(std::abs(volume) > 1e-12 * std::pow(mesh.longest_edge(e), mesh.dimension));
}

std::string place_of(const Mesh& mesh, int e) {
  const std::array<double, 3> c = mesh.centre(e);
  return mesh.dimension == 2 ? fmt::format("({:.4g}, {:.4g})", c[0], c[1])
                             : fmt::format("({:.4g}, {:.4g}, {:.4g})", c[0], c[1], c[2]);
}

void orient(Mesh& mesh) {
  for (int e = 0; e < mesh.element_count(); ++e) {
    const double volume = signed_volume(mesh, e);
    if (is_flat(mesh, e, volume))
      throw MeshFault("the element at " + place_of(mesh, e) + " has no volume: its corners lie on a line or plane", e,
                      -1);
    int* const node = &mesh.elements[static_cast<std::size_t>(e) * mesh.corners()];
    if (volume < 0.0) std::swap(node[0], node[1]);
  }
}

bool has_same_nodes(const Mesh& mesh, int a, int b) {
  return std::is_permutation(mesh.element(a), mesh.element(a) + mesh.corners(), mesh.element(b));
}

void refuse_overlaps(const Mesh& mesh, const std::vector<Face>& faces) {
  for (std::size_t i = 1; i < faces.size(); ++i) {
    if (faces[i].node != faces[i - 1].node) continue;
    const int e = faces[i].element;
    if (has_same_nodes(mesh, faces[i - 1].element, e))
      throw MeshFault("the element at " + place_of(mesh, e) +
                          " is there twice, as where it belongs to two physical groups: each element has one",
                      e, -1);
    if (i > 1 && faces[i - 2].node == faces[i].node)
      throw MeshFault("three elements share a facet of the element at " + place_of(mesh, e), e, -1);
    if (faces[i].is_positive == faces[i - 1].is_positive)
      throw MeshFault(fmt::format("the elements at {} and {} overlap: one of them is inverted",
                                  place_of(mesh, faces[i - 1].element), place_of(mesh, e)),
                      e, -1);
  }
}

// Union-find: the root of a set of nodes is its first.
void find_pieces(Mesh& mesh) {
  std::vector<int> parent(static_cast<std::size_t>(mesh.node_count()));
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](int node) {
    while (parent[static_cast<std::size_t>(node)] != node)
      node = parent[static_cast<std::size_t>(node)] =
          parent[static_cast<std::size_t>(parent[static_cast<std::size_t>(node)])];
    return node;
  };
  for (int e = 0; e < mesh.element_count(); ++e)
    for (int c = 1; c < mesh.corners(); ++c) {
      const int a = root(mesh.element(e)[0]), b = root(mesh.element(e)[c]);
      parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
    }
  mesh.piece.resize(parent.size());
  mesh.pieces = 0;
  for (int node = 0; node < mesh.node_count(); ++node) {
    const int first = root(node);
    mesh.piece[static_cast<std::size_t>(node)] =
        first == node ? mesh.pieces++ : mesh.piece[static_cast<std::size_t>(first)];
  }
}

}  // namespace

void finish(Mesh& mesh) {
  orient(mesh);
  const std::vector<Face> faces = faces_of(mesh);
  refuse_overlaps(mesh, faces);
  mesh.facet_element.clear(), mesh.facet_is_inner.clear();
  for (int f = 0; f < mesh.facet_count(); ++f) {
    Face wanted{{-1, -1, -1}, -1, true};
    std::copy_n(mesh.facet(f), mesh.dimension, wanted.node.begin() + (3 - mesh.dimension));
    sort_nodes(wanted.node);
    const auto found = std::lower_bound(faces.begin(), faces.end(), wanted);
    if (found == faces.end() || found->node != wanted.node)
      throw MeshFault(fmt::format("a facet of side '{}' belongs to no element",
                                  mesh.sides[static_cast<std::size_t>(mesh.facet_side[static_cast<std::size_t>(f)])]),
                      -1, f);
    mesh.facet_element.push_back(found->element);
    mesh.facet_is_inner.push_back(found + 1 != faces.end() && found[1].node == found->node);
  }
  find_pieces(mesh);
}

double Mesh::gradients(int e, double* gradient) const {
  const int* const node = element(e);
  const double* const p[4] = {point(node[0]), point(node[1]), point(node[2]),
                              dimension == 3 ? point(node[3]) : nullptr};
  const double signed_v = signed_volume(*this, e);
  if (dimension == 2) {
    for (int c = 0; c < 3; ++c) {
      const double *const a = p[(c + 1) % 3], *const b = p[(c + 2) % 3];
      gradient[2 * c] = (a[1] - b[1]) / (2.0 * signed_v), gradient[2 * c + 1] = (b[0] - a[0]) / (2.0 * signed_v);
    }
    return signed_v;
  }
  for (int d = 0; d < 3; ++d) gradient[d] = 0.0;
  for (int c = 1; c < 4; ++c) {  // grad of corner c: (edge a x edge b) / 6 V, a and b the next corners but 0
    const double *const a = p[c % 3 + 1], *const b = p[(c + 1) % 3 + 1];
    for (int d = 0; d < 3; ++d) {
      const int i = (d + 1) % 3, j = (d + 2) % 3;
      const double cross = (a[i] - p[0][i]) * (b[j] - p[0][j]) - (a[j] - p[0][j]) * (b[i] - p[0][i]);
      gradient[3 * c + d] = cross / (6.0 * signed_v);
      gradient[d] -= gradient[3 * c + d];
    }
  }
  return signed_v;
}

std::string place_of_piece(const Mesh& mesh, int piece) {
  std::vector<double> middle(static_cast<std::size_t>(mesh.dimension), 0.0);
  double count = 0.0;
  for (int node = 0; node < mesh.node_count(); ++node) {
    if (mesh.piece[static_cast<std::size_t>(node)] != piece) continue;
    for (int a = 0; a < mesh.dimension; ++a) middle[static_cast<std::size_t>(a)] += mesh.point(node)[a];
    count += 1.0;
  }
  for (double& x : middle) x /= count;
  return fmt::format("round ({:.3g})", fmt::join(middle, ", "));
}

double Mesh::volume(int e) const { return signed_volume(*this, e); }

double Mesh::facet_area(int f) const {
  const int* const node = facet(f);
  const double *const a = point(node[0]), *const b = point(node[1]);
  if (dimension == 2) return std::hypot(b[0] - a[0], b[1] - a[1]);
  const double* const c = point(node[2]);
  double square = 0.0;
  for (int d = 0; d < 3; ++d) {
    const int i = (d + 1) % 3, j = (d + 2) % 3;
    const double cross = (b[i] - a[i]) * (c[j] - a[j]) - (b[j] - a[j]) * (c[i] - a[i]);
    square += cross * cross;
  }
  return 0.5 * std::sqrt(square);
}

double Mesh::longest_edge(int e) const {
  double longest = 0.0;
  for (int a = 0; a < corners(); ++a)
    for (int b = 0; b < a; ++b) {
      double square = 0.0;
      for (int d = 0; d < dimension; ++d) {
        const double step = point(element(e)[a])[d] - point(element(e)[b])[d];
        square += step * step;
      }
      longest = std::max(longest, square);
    }
  return std::sqrt(longest);
}

std::array<double, 3> Mesh::centre(int e) const {
  std::array<double, 3> sum{};
  for (int c = 0; c < corners(); ++c)
    for (int d = 0; d < dimension; ++d) sum[static_cast<std::size_t>(d)] += point(element(e)[c])[d] / corners();
  return sum;
}

std::array<std::array<double, 3>, 2> Mesh::box() const {
  constexpr double far = std::numeric_limits<double>::infinity();
  std::array<std::array<double, 3>, 2> box{{{far, far, far}, {-far, -far, -far}}};
  for (int k = 0; k < node_count(); ++k)
    for (std::size_t d = 0; d < static_cast<std::size_t>(dimension); ++d) {
      box[0][d] = std::min(box[0][d], point(k)[d]);
      box[1][d] = std::max(box[1][d], point(k)[d]);
    }
  return box;
}

int Mesh::side(const std::string& name) const {
  const auto found = std::find(sides.begin(), sides.end(), name);
  return found == sides.end() ? -1 : static_cast<int>(found - sides.begin());
}

int Mesh::group(const std::string& name) const {
  const auto found = std::find(groups.begin(), groups.end(), name);
  return found == groups.end() ? -1 : static_cast<int>(found - groups.begin());
}

std::vector<int> Mesh::nodes_of_side(int side) const {
  std::vector<int> nodes;
  for (int f = 0; f < facet_count(); ++f)
    if (facet_side[static_cast<std::size_t>(f)] == side) nodes.insert(nodes.end(), facet(f), facet(f) + dimension);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

// The element whose smallest barycentric coordinate is largest: on a common edge the first one.
Place locate(const Mesh& mesh, const double* point) {
  constexpr double slack = -1e-9;
  Place best;
  double least_of_best = slack, gradient[12];
  for (int e = 0; e < mesh.element_count(); ++e) {
    mesh.gradients(e, gradient);
    const std::array<double, 3> centre = mesh.centre(e);
    Place here{e, {}};
    double least = std::numeric_limits<double>::infinity();
    for (int c = 0; c < mesh.corners(); ++c) {
      double w = 1.0 / mesh.corners();
      for (int d = 0; d < mesh.dimension; ++d)
        w += gradient[c * mesh.dimension + d] * (point[d] - centre[static_cast<std::size_t>(d)]);
      here.weight[static_cast<std::size_t>(c)] = w;
      least = std::min(least, w);
    }
    if (least > least_of_best) best = here, least_of_best = std::max(least, 0.0);
    if (best.element == e && least >= 0.0) break;
  }
  return best;
}

std::shared_ptr<const io::Simplices> simplices(const Mesh& mesh) {
  return std::make_shared<const io::Simplices>(io::Simplices{mesh.dimension, mesh.points, mesh.elements});
}

std::string names_in_words(const std::vector<std::string>& names) {
  return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace aleator::field
