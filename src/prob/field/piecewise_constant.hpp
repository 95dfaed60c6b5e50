#pragma once
/// What      A field on a box that is constant on each of a few patches, such as layers or rooms, with independent values.
/// Method    u_i = v_k on the cells i of patch k, v_k = m_k + s_k z_k or exp of it. Patches: equal blocks of a coarse grid,
///           boxes on a background, or the cells of points (Voronoi 1908): i belongs to the nearest of the centres.
/// Parallel  local, row by row, safe on any thread.
/// Cost      one load and one store a cell; set-up: cells times centres.
/// Fails     KeyError: patches without cells, boxes outside, numbers that do not fit. to_latent takes the mean of a patch (of its
///           logarithm); log_density is that of the patches' values, and -infinity where u is not constant on them.
#include "prob/field/box.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::prob {

class PiecewiseConstant : public Prior {
 public:
  enum class Patches { blocks, boxes, centres, random_centres };
  struct Params {
    std::vector<int> cells = {16, 16};
    std::vector<double> lengths = {1.0};
    Patches patches = Patches::blocks;
    std::vector<int> blocks = {4, 4};
    std::vector<std::vector<double>> boxes;
    std::vector<std::vector<double>> centres;
    int random_centres = 8;
    int centre_seed = 1;
    std::vector<double> mean = {0.0};
    std::vector<double> sd = {1.0};
    Transform transform = Transform::none;
  };
  static deck::Schema<Params> schema();
  explicit PiecewiseConstant(const Params& params);

  int dimension() const override { return static_cast<int>(patch_.size()); }
  int latent_dimension() const override { return static_cast<int>(sd_.size()); }
  std::vector<int> grid() const override { return box_.cells; }
  std::vector<double> lengths() const override { return box_.lengths; }
  void to_parameters(const double* z, double* u) const override;
  void to_latent(const double* u, double* z) const override;
  void pullback(const double* z, const double* g_u, double* g_z) const override;
  double log_density(const double* u) const override;
  /// Of every cell.
  const std::vector<int>& patches() const { return patch_; }

 private:
  void lay_out_blocks(const std::vector<int>& blocks);
  void lay_out_boxes(const std::vector<std::vector<double>>& boxes);
  void lay_out_centres(const std::vector<std::vector<double>>& centres);
  std::vector<std::vector<double>> draw_centres(int count, int seed) const;
  void count_cells(int patches, const char* key);
  /// Centre of a cell along an axis.
  double position(int cell, int axis) const {
    return (cell / box_.inner(axis) % box_.cells[axis] + 0.5) * box_.spacing(axis);
  }
  double value(const double* z, int patch) const;

  Box box_;
  std::vector<int> patch_;              ///< of every cell
  std::vector<int> size_, first_cell_;  ///< cells of a patch, and one of them
  std::vector<double> mean_, sd_;
  Transform transform_;
};

}  // namespace aleator::prob
