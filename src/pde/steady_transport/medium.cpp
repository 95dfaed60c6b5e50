#include "pde/steady_transport/medium.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "deck/registry.hpp"
#include "pde/nodal/formula.hpp"

namespace aleator::pde::steady_transport {
namespace {

const std::vector<std::string>& all_quantities() {
  static const std::vector<std::string> names{"source", "diffusivity", "wind", "stream", "point_source"};
  return names;
}

// v_e += (psi_y, -psi_x) on each element.
void add_curl(const field::Mesh& mesh, const std::vector<double>& psi, std::vector<double>& velocity) {
  double g[12];
  for (int e = 0; e < mesh.element_count(); ++e) {
    mesh.gradients(e, g);
    double* const v = &velocity[static_cast<std::size_t>(2 * e)];
    for (int c = 0; c < 3; ++c) {
      const double value = psi[static_cast<std::size_t>(mesh.element(e)[c])];
      v[0] += g[2 * c + 1] * value, v[1] -= g[2 * c] * value;
    }
  }
}

}  // namespace

void MediumFields::clear() {
  for (std::vector<double>* const values : {&diffusivity, &source, &velocity})
    std::fill(values->begin(), values->end(), 0.0);
}

Medium::Medium(const Params& params, std::shared_ptr<const field::Mesh> the_mesh) : mesh_(std::move(the_mesh)) {
  const field::Mesh& mesh = *mesh_;
  const auto d = static_cast<std::size_t>(mesh.dimension), count = static_cast<std::size_t>(mesh.element_count());
  for (const std::string& quantity : params.quantities) add_names(quantity, params);
  std::vector<double> centres;
  for (int e = 0; e < mesh.element_count(); ++e) {
    const auto centre = mesh.centre(e);
    centres.insert(centres.end(), centre.begin(), centre.begin() + mesh.dimension);
  }
  known_.diffusivity.assign(count, is_unknown("diffusivity") ? 0.0 : params.diffusivity);
  known_.source = nodal::formula_values("source", params.source, mesh.dimension, centres);
  std::vector<double> wind = params.wind;
  if (wind == std::vector<double>{0.0}) wind.assign(d, 0.0);
  if (wind.size() != d)
    throw deck::KeyError("wind", fmt::format("has {} numbers, but the mesh has {} axes", wind.size(), d));
  for (std::size_t e = 0; e < count; ++e) known_.velocity.insert(known_.velocity.end(), wind.begin(), wind.end());
  const bool has_stream = params.stream != "0";
  if ((has_stream || is_unknown("stream")) && d != 2)
    throw deck::KeyError(has_stream ? "stream" : "quantities", "a stream function is for meshes of triangles");
  if (has_stream)
    add_curl(mesh, nodal::formula_values("stream", params.stream, mesh.dimension, mesh.points), known_.velocity);
}

void Medium::add_names(const std::string& quantity, const Params& params) {
  const auto entry = static_cast<int>(&quantity - params.quantities.data());
  const auto refuse = [entry](const std::string& what, const std::string& hint = "") {
    return deck::KeyError("quantities", what, hint, {entry, 0});
  };
  if (std::count(all_quantities().begin(), all_quantities().end(), quantity) == 0)
    throw refuse(fmt::format("'{}' is none", quantity), deck::did_you_mean(quantity, all_quantities()));
  if (is_unknown(quantity)) throw refuse(fmt::format("'{}' is named twice", quantity));
  first_.emplace_back(quantity, static_cast<int>(names_.size()));
  if (quantity == "source" || quantity == "diffusivity") {
    if (is_unknown("source") && is_unknown("diffusivity"))
      throw refuse("source and diffusivity cannot both be unknown: the same keys of the deck lay either out",
                   "point_source may");
    by_element_ = fem::element_values(params, *mesh_, quantity == "source");
    for (const std::string& name : by_element_.names) names_.push_back(quantity + "_" + name);
    for (model::InputField& field : by_element_.fields_from(first_.back().second))
      input_fields_.push_back(std::move(field));
  } else if (quantity == "wind") {
    for (int a = 0; a < mesh_->dimension; ++a) names_.push_back(fmt::format("wind_{}", "xyz"[a]));
  } else if (quantity == "stream") {
    if (params.stream_grid.size() != 2)
      throw deck::KeyError("stream_grid", "is needed for an unknown stream function: cells along x and y");
    const int nx = params.stream_grid[0], ny = params.stream_grid[1];
    for (int k = 0; k < (nx + 1) * (ny + 1); ++k) names_.push_back(fmt::format("psi_{}", k));
    input_fields_.push_back({first_.back().second, {nx + 1, ny + 1}, {}});
    if (mesh_->dimension != 2) return;  // which the constructor refuses
    const auto box = mesh_->box();
    std::vector<std::vector<double>> nodes;
    for (int node = 0; node < mesh_->node_count(); ++node)
      nodes.push_back({mesh_->point(node)[0] - box[0][0], mesh_->point(node)[1] - box[0][1]});
    stream_ = evolution::between_corners(nodes, params.stream_grid, {box[1][0] - box[0][0], box[1][1] - box[0][1]});
  } else {
    for (int a = 0; a < mesh_->dimension; ++a) names_.push_back(fmt::format("source_{}", "xyz"[a]));
    names_.push_back("source_strength");
    width_ = params.source_width;
    double volume = 0.0;
    for (int e = 0; e < mesh_->element_count(); ++e) volume += mesh_->volume(e);
    const double size = std::pow(volume / mesh_->element_count(), 1.0 / mesh_->dimension);
    if (width_ < size)
      throw deck::KeyError("source_width",
                           fmt::format("{:g} is less than the size of an element, {:.3g}", width_, size),
                           "the mesh must resolve the source");
  }
}

int Medium::first_of(const std::string& quantity) const {
  for (const auto& [name, first] : first_)
    if (name == quantity) return first;
  return -1;
}

template <class Work>
void Medium::for_each_stream_entry(const Work& work) const {
  double g[12];
  for (int e = 0; e < mesh_->element_count(); ++e) {
    mesh_->gradients(e, g);
    for (int c = 0; c < 3; ++c)
      stream_.for_each_entry(mesh_->element(e)[c], [&](int k, double weight) {
        work(e, 0, k, g[2 * c + 1] * weight);
        work(e, 1, k, -g[2 * c] * weight);
      });
  }
}

double Medium::blob(std::size_t element, const double* place, double* gradient) const {
  const auto centre = mesh_->centre(static_cast<int>(element));
  const double square = width_ * width_;
  double distance = 0.0;
  for (int a = 0; a < mesh_->dimension; ++a) distance += std::pow(centre[a] - place[a], 2);
  const double value = std::exp(-0.5 * distance / square) / std::pow(2.0 * M_PI * square, 0.5 * mesh_->dimension);
  for (int a = 0; a < mesh_->dimension; ++a) gradient[a] = value * (centre[a] - place[a]) / square;
  return value;
}

std::string Medium::fault(const double* theta) const {
  const int first = first_of("diffusivity");
  for (int k = 0; first >= 0 && k < by_element_.unknowns; ++k)
    if (!(theta[first + k] > 0.0))
      return fmt::format("{} = {} is not positive", names_[static_cast<std::size_t>(first + k)], theta[first + k]);
  return {};
}

void Medium::add_linear(const double* theta, Values values, MediumFields& out) const {
  const auto d = static_cast<std::size_t>(mesh_->dimension), count = out.source.size();
  for (const auto& [quantity, first] : first_) {
    const double* const mine = theta + first;
    if (quantity == "diffusivity" || quantity == "source") {
      std::vector<double>& of = quantity == "source" ? out.source : out.diffusivity;
      for (std::size_t e = 0; e < count; ++e) {
        const int k = by_element_.owner[e];
        of[e] += k >= 0 ? mine[k] : values == Values::direction ? 0.0 : by_element_.known[e];
      }
    } else if (quantity == "wind") {
      for (std::size_t k = 0; k < out.velocity.size(); ++k) out.velocity[k] += mine[k % d];
    } else if (quantity == "stream") {
      for_each_stream_entry([&](int e, int a, int k, double w) { out.velocity[2 * e + a] += w * mine[k]; });
    }
  }
}

void Medium::fields(const double* theta, MediumFields& out) const {
  out = known_;
  add_linear(theta, Values::point, out);
  const int first = first_of("point_source"), d = mesh_->dimension;
  double slope[3];
  for (std::size_t e = 0; first >= 0 && e < out.source.size(); ++e)
    out.source[e] += theta[first + d] * blob(e, theta + first, slope);
}

void Medium::tangent(const double* theta, const double* d_theta, MediumFields& out) const {
  out = known_;
  out.clear();
  add_linear(d_theta, Values::direction, out);
  const int first = first_of("point_source"), d = mesh_->dimension;
  double slope[3];
  for (std::size_t e = 0; first >= 0 && e < out.source.size(); ++e) {
    out.source[e] += d_theta[first + d] * blob(e, theta + first, slope);
    for (int a = 0; a < d; ++a) out.source[e] += theta[first + d] * slope[a] * d_theta[first + a];
  }
}

void Medium::add_transposed(const double* theta, const MediumFields& g, double* g_theta) const {
  const auto d = static_cast<std::size_t>(mesh_->dimension), count = g.source.size();
  for (const auto& [quantity, first] : first_) {
    const double* const at = theta + first;
    double *const mine = g_theta + first, slope[3];
    if (quantity == "diffusivity" || quantity == "source") {
      const std::vector<double>& of = quantity == "source" ? g.source : g.diffusivity;
      for (std::size_t e = 0; e < count; ++e)
        if (by_element_.owner[e] >= 0) mine[by_element_.owner[e]] += of[e];
    } else if (quantity == "wind") {
      for (std::size_t k = 0; k < g.velocity.size(); ++k) mine[k % d] += g.velocity[k];
    } else if (quantity == "stream") {
      for_each_stream_entry([&](int e, int a, int k, double w) { mine[k] += w * g.velocity[2 * e + a]; });
    } else {
      for (std::size_t e = 0; e < count; ++e) {
        mine[d] += g.source[e] * blob(e, at, slope);
        for (std::size_t a = 0; a < d; ++a) mine[a] += g.source[e] * at[d] * slope[a];
      }
    }
  }
}

}  // namespace aleator::pde::steady_transport
