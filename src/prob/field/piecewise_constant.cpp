#include "prob/field/piecewise_constant.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "kernels/random.hpp"

namespace aleator::prob {

deck::Schema<PiecewiseConstant::Params> PiecewiseConstant::schema() {
  deck::Schema<Params> s("Field that is constant on each of a few patches, with independent values", "");
  const auto is_random = [](const Params& p) { return p.patches == Patches::random_centres; };
  s.key("cells", &Params::cells, "1", "numbers of cells along x, y, z: one for each axis of the box",
        deck::between(1, 4096))
      .key("lengths", &Params::lengths, "", "lengths of the box, one for all axes or one for each", deck::positive())
      .choice("patches", &Params::patches, "what the patches are",
              {{"blocks", Patches::blocks, "equal blocks, as many along each axis as blocks says"},
               {"boxes", Patches::boxes, "those of boxes, and the background as the first patch"},
               {"centres", Patches::centres, "all that is nearest to one of centres"},
               {"random_centres", Patches::random_centres, "the same for points drawn once, uniformly in the box"}})
      .key("blocks", &Params::blocks, "1", "blocks: their numbers along x, y, z", deck::at_least(1))
      .only_with("patches = \"blocks\"", [](const Params& p) { return p.patches == Patches::blocks; })
      .key("boxes", &Params::boxes, "", "boxes: [x0, x1], [x0, x1, y0, y1], ...; of two on one cell the later counts")
      .only_with("patches = \"boxes\"", [](const Params& p) { return p.patches == Patches::boxes; })
      .key("centres", &Params::centres, "", "centres: points [x], [x, y], ...")
      .only_with("patches = \"centres\"", [](const Params& p) { return p.patches == Patches::centres; })
      .key("random_centres", &Params::random_centres, "1", "random_centres: number of points", deck::between(1, 65536))
      .only_with("patches = \"random_centres\"", is_random)
      .key("centre_seed", &Params::centre_seed, "1", "random_centres: other points for another number",
           deck::at_least(0))
      .only_with("patches = \"random_centres\"", is_random)
      .key("mean", &Params::mean, "",
           "mean of the value (of its logarithm with transform = \"exp\"): one for all or one for each patch")
      .key("sd", &Params::sd, "", "its standard deviation, likewise", deck::positive())
      .choice("transform", &Params::transform, "what the values are",
              {{"none", Transform::none, "normal"}, {"exp", Transform::exp, "log-normal"}})
      .check("cells", [](const Params& p) { return box_fault(p.cells, p.lengths); });
  return s;
}

PiecewiseConstant::PiecewiseConstant(const Params& params)
    : box_(make_box(params.cells, params.lengths)),
      patch_(static_cast<std::size_t>(box_.size()), 0),
      transform_(params.transform) {
  switch (params.patches) {
    case Patches::blocks:
      lay_out_blocks(params.blocks);
      break;
    case Patches::boxes:
      lay_out_boxes(params.boxes);
      break;
    case Patches::centres:
      lay_out_centres(params.centres);
      count_cells(static_cast<int>(params.centres.size()), "centres");
      break;
    case Patches::random_centres:
      lay_out_centres(draw_centres(params.random_centres, params.centre_seed));
      count_cells(params.random_centres, "random_centres");
      break;
  }
  mean_ = spread(params.mean, static_cast<int>(size_.size()), "mean", "patches");
  sd_ = spread(params.sd, static_cast<int>(size_.size()), "sd", "patches");
}

void PiecewiseConstant::lay_out_blocks(const std::vector<int>& blocks) {
  if (static_cast<int>(blocks.size()) != box_.axes())
    throw deck::KeyError("blocks", fmt::format("{} numbers for {} axes", blocks.size(), box_.axes()),
                         "one for each axis");
  int count = 1;
  for (int axis = 0; axis < box_.axes(); ++axis) {
    if (box_.cells[axis] % blocks[axis] != 0)
      throw deck::KeyError("blocks", fmt::format("{} blocks do not divide {} cells", blocks[axis], box_.cells[axis]),
                           "each block has as many cells");
    for (int i = 0; i < box_.size(); ++i)
      patch_[i] += count * (i / box_.inner(axis) % box_.cells[axis] / (box_.cells[axis] / blocks[axis]));
    count *= blocks[axis];
  }
  count_cells(count, "blocks");
}

void PiecewiseConstant::lay_out_boxes(const std::vector<std::vector<double>>& boxes) {
  for (std::size_t b = 0; b < boxes.size(); ++b) {
    const std::vector<double>& box = boxes[b];
    if (static_cast<int>(box.size()) != 2 * box_.axes())
      throw deck::KeyError("boxes", fmt::format("box {} has {} numbers", b + 1, box.size()),
                           fmt::format("{}: from and to along each axis", 2 * box_.axes()));
    for (int axis = 0; axis < box_.axes(); ++axis)
      if (!(0.0 <= box[2 * axis] && box[2 * axis] < box[2 * axis + 1] && box[2 * axis + 1] <= box_.lengths[axis]))
        throw deck::KeyError("boxes", fmt::format("box {} is empty or lies outside: [{}, {}] in [0, {}]", b + 1,
                                                  box[2 * axis], box[2 * axis + 1], box_.lengths[axis]));
    for (int i = 0; i < box_.size(); ++i) {
      bool is_inside = true;
      for (int axis = 0; axis < box_.axes(); ++axis)
        is_inside = is_inside && position(i, axis) >= box[2 * axis] && position(i, axis) < box[2 * axis + 1];
      if (is_inside) patch_[i] = static_cast<int>(b) + 1;
    }
  }
  count_cells(static_cast<int>(boxes.size()) + 1, "boxes");
}

void PiecewiseConstant::lay_out_centres(const std::vector<std::vector<double>>& centres) {
  for (std::size_t k = 0; k < centres.size(); ++k)
    if (static_cast<int>(centres[k].size()) != box_.axes())
      throw deck::KeyError("centres",
                           fmt::format("point {} has {} coordinates, not {}", k + 1, centres[k].size(), box_.axes()));
  for (int i = 0; i < box_.size(); ++i) {
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < centres.size(); ++k) {
      double square = 0.0;
      for (int axis = 0; axis < box_.axes(); ++axis) square += std::pow(position(i, axis) - centres[k][axis], 2);
      if (square < nearest) nearest = square, patch_[i] = static_cast<int>(k);
    }
  }
}

std::vector<std::vector<double>> PiecewiseConstant::draw_centres(int count, int seed) const {
  const kernels::Rng rng(static_cast<std::uint64_t>(seed));
  std::vector<std::vector<double>> centres(static_cast<std::size_t>(count));
  for (int k = 0; k < count; ++k)
    for (int axis = 0; axis < box_.axes(); ++axis)
      centres[k].push_back(box_.lengths[axis] *
                           rng.uniform({kernels::Purpose::patches}, k, static_cast<std::uint32_t>(axis)));
  return centres;
}

void PiecewiseConstant::count_cells(int patches, const char* key) {
  if (patches == 0) throw deck::KeyError(key, "names no patch");
  size_.assign(static_cast<std::size_t>(patches), 0), first_cell_.assign(size_.size(), -1);
  for (int i = box_.size() - 1; i >= 0; --i) ++size_[patch_[i]], first_cell_[patch_[i]] = i;
  for (int k = 0; k < patches; ++k)
    if (size_[k] == 0)
      throw deck::KeyError(key, fmt::format("patch {} has no cell: its value would mean nothing", k + 1),
                           "take more cells, or fewer or other patches");
}

double PiecewiseConstant::value(const double* z, int patch) const {
  const double x = mean_[patch] + sd_[patch] * z[patch];
  return transform_ == Transform::exp ? std::exp(x) : x;
}

void PiecewiseConstant::to_parameters(const double* z, double* u) const {
  std::vector<double> values(sd_.size());
  for (int k = 0; k < latent_dimension(); ++k) values[k] = value(z, k);
  for (std::size_t i = 0; i < patch_.size(); ++i) u[i] = values[patch_[i]];
}

void PiecewiseConstant::to_latent(const double* u, double* z) const {
  for (int k = 0; k < latent_dimension(); ++k) z[k] = 0.0;
  for (std::size_t i = 0; i < patch_.size(); ++i) {
    const double x = transform_ == Transform::exp ? std::log(u[i]) : u[i];
    z[patch_[i]] += std::isfinite(x) ? x : std::numeric_limits<double>::quiet_NaN();
  }
  for (int k = 0; k < latent_dimension(); ++k) z[k] = (z[k] / size_[k] - mean_[k]) / sd_[k];
}

void PiecewiseConstant::pullback(const double* z, const double* g_u, double* g_z) const {
  for (int k = 0; k < latent_dimension(); ++k) g_z[k] = 0.0;
  for (std::size_t i = 0; i < patch_.size(); ++i) g_z[patch_[i]] += g_u[i];
  for (int k = 0; k < latent_dimension(); ++k) g_z[k] *= sd_[k] * (transform_ == Transform::exp ? value(z, k) : 1.0);
}

double PiecewiseConstant::log_density(const double* u) const {
  constexpr double half_log_two_pi = 0.918938533204672741780330;
  for (std::size_t i = 0; i < patch_.size(); ++i)
    if (!(u[i] == u[first_cell_[patch_[i]]])) return -std::numeric_limits<double>::infinity();
  double sum = 0.0;
  for (int k = 0; k < latent_dimension(); ++k) {
    const double v = u[first_cell_[k]];
    if (transform_ == Transform::exp && !(v > 0.0)) return -std::numeric_limits<double>::infinity();
    const double x = transform_ == Transform::exp ? std::log(v) : v, s = (x - mean_[k]) / sd_[k];
    sum -= 0.5 * s * s + half_log_two_pi + std::log(sd_[k]) + (transform_ == Transform::exp ? x : 0.0);
  }
  return sum;
}

}  // namespace aleator::prob
