#include "field/grid.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace aleator::field {
namespace {

using math::check_petsc;

struct Corners {
  PetscInt first[3] = {0, 0, 0}, size[3] = {1, 1, 1};
  IndexBox box() const {
    IndexBox b;
    for (int d = 0; d < 3; ++d) b.first[d] = first[d], b.last[d] = first[d] + size[d];
    return b;
  }
};

DM create_dmda(MPI_Comm comm, const std::array<PetscInt, 3>& n, int dimension) {
  DM dm = nullptr;
  check_petsc(DMDACreate(comm, &dm), "to make a grid");
  check_petsc(DMSetDimension(dm, dimension), "to make a grid");
  check_petsc(DMDASetSizes(dm, n[0], n[1], n[2]), "to make a grid");
  check_petsc(DMDASetBoundaryType(dm, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE), "to make a grid");
  check_petsc(DMDASetDof(dm, 1), "to make a grid");
  check_petsc(DMDASetStencilType(dm, DMDA_STENCIL_BOX), "to make a grid");
  check_petsc(DMDASetStencilWidth(dm, 1), "to make a grid");
  check_petsc(DMSetUp(dm), "to deal a grid over the ranks");
  return dm;
}

}  // namespace

std::int64_t GridShape::nodes() const {
  std::int64_t n = 1;
  for (const int e : elements) n *= e + 1;
  return n;
}

std::int64_t GridShape::all_elements() const {
  std::int64_t n = 1;
  for (const int e : elements) n *= e;
  return n;
}

Grid::Grid(const parallel::Comm& comm, const GridShape& shape) : comm_(comm), shape_(shape) {
  ALEATOR_ASSERT(shape.dimension() >= 1 && shape.dimension() <= 3 && shape.lengths.size() == shape.elements.size());
  math::start_petsc();
  std::array<PetscInt, 3> n{1, 1, 1};
  for (int d = 0; d < dimension(); ++d) n[d] = shape.elements[d] + 1;
  if (shape.nodes() < 2 * comm.size() || *std::max_element(n.begin(), n.end()) < comm.size())
    throw core::UserError(fmt::format("a grid of {} nodes is too small for {} ranks: use fewer ranks for a domain",
                                      shape.nodes(), comm.size()));
  *dm_.make() = create_dmda(comm.native(), n, dimension());
  Corners owned, ghosted;
  check_petsc(DMDAGetCorners(dm_, &owned.first[0], &owned.first[1], &owned.first[2], &owned.size[0], &owned.size[1],
                             &owned.size[2]),
              "to describe a grid");
  check_petsc(DMDAGetGhostCorners(dm_, &ghosted.first[0], &ghosted.first[1], &ghosted.first[2], &ghosted.size[0],
                                  &ghosted.size[1], &ghosted.size[2]),
              "to describe a grid");
  owned_ = owned.box(), ghosted_ = ghosted.box(), elements_ = owned_;
  for (int d = 0; d < dimension(); ++d) elements_.last[d] = std::min(elements_.last[d], shape.elements[d]);
  const PetscInt* sizes[3] = {nullptr, nullptr, nullptr};
  PetscInt parts[3] = {1, 1, 1};
  check_petsc(DMDAGetOwnershipRanges(dm_, &sizes[0], &sizes[1], &sizes[2]), "to describe a grid");
  check_petsc(DMDAGetInfo(dm_, nullptr, nullptr, nullptr, nullptr, &parts[0], &parts[1], &parts[2], nullptr, nullptr,
                          nullptr, nullptr, nullptr, nullptr),
              "to describe a grid");
  for (int d = 0; d < 3; ++d) {
    starts_[d] = {0};
    const bool is_axis = d < dimension();
    for (int r = 0; r < (is_axis ? parts[d] : 1); ++r)
      starts_[d].push_back(starts_[d].back() + (is_axis ? static_cast<int>(sizes[d][r]) : 1));
  }
  offsets_ = {0};
  for (std::size_t r = 0; r + 1 < starts_[2].size(); ++r)
    for (std::size_t q = 0; q + 1 < starts_[1].size(); ++q)
      for (std::size_t p = 0; p + 1 < starts_[0].size(); ++p)
        offsets_.push_back(offsets_.back() + (starts_[0][p + 1] - starts_[0][p]) * (starts_[1][q + 1] - starts_[1][q]) *
                                                 (starts_[2][r + 1] - starts_[2][r]));
}

PetscInt Grid::global_index(int i, int j, int k) const {
  const int index[3] = {i, j, k};
  int part[3], within[3], size[3];
  for (int d = 0; d < 3; ++d) {
    const std::vector<int>& s = starts_[d];
    part[d] = static_cast<int>(std::upper_bound(s.begin(), s.end(), index[d]) - s.begin()) - 1;
    within[d] = index[d] - s[part[d]], size[d] = s[part[d] + 1] - s[part[d]];
  }
  const int parts_x = static_cast<int>(starts_[0].size()) - 1, parts_y = static_cast<int>(starts_[1].size()) - 1;
  return offsets_[part[0] + parts_x * (part[1] + parts_y * part[2])] + within[0] +
         size[0] * (within[1] + size[1] * within[2]);
}

std::array<double, 3> Grid::position(int i, int j, int k) const {
  const int index[3] = {i, j, k};
  std::array<double, 3> x{0, 0, 0};
  for (int d = 0; d < dimension(); ++d) x[d] = shape_.lengths[d] * index[d] / shape_.elements[d];
  return x;
}

math::VecHandle Grid::new_vector() const {
  math::VecHandle v;
  check_petsc(DMCreateGlobalVector(dm_, v.make()), "to make a field");
  return v;
}

math::VecHandle Grid::new_ghosted() const {
  math::VecHandle v;
  check_petsc(DMCreateLocalVector(dm_, v.make()), "to make a field");
  check_petsc(VecSet(v, 0.0), "to make a field");
  return v;
}

void Grid::fill_ghosted(Vec global, Vec ghosted) const {
  check_petsc(DMGlobalToLocal(dm_, global, INSERT_VALUES, ghosted), "to exchange a halo");
}

void Grid::sum_ghosted(Vec ghosted, Vec global) const {
  check_petsc(VecSet(global, 0.0), "to sum a halo");
  check_petsc(DMLocalToGlobal(dm_, ghosted, ADD_VALUES, global), "to sum a halo");
}

std::vector<double> Grid::gather(Vec global) const {
  const double* v = nullptr;
  check_petsc(VecGetArrayRead(global, &v), "to open a field");
  const std::vector<double> all = comm_.all_gather(std::vector<double>(v, v + owned_.count()));
  check_petsc(VecRestoreArrayRead(global, &v), "to close a field");
  IndexBox whole;
  for (int d = 0; d < dimension(); ++d) whole.last[d] = shape_.elements[d] + 1;
  std::vector<double> ordered(all.size());
  for_each_index(whole, [&](int i, int j, int k) {
    ordered[static_cast<std::size_t>(whole.at(i, j, k))] = all[static_cast<std::size_t>(global_index(i, j, k))];
  });
  return ordered;
}

}  // namespace aleator::field
