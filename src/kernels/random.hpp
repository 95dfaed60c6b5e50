#pragma once
/// What      Random numbers as a pure function of (seed, purpose, step, global row, column): no generator has a state.
/// Method    Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011); normals by Box and Muller on 52-bit uniforms,
///           eight pairs at a time (kernels/vector_math.hpp); columns 2 p and 2 p + 1 of a row are one pair.
/// Parallel  local; the numbers of a row do not depend on the rank, the thread or the number of rows asked for.
/// Cost      about 1.3 ns a normal and core (2.6 GHz, AVX-512), whatever the number of columns.
/// Fails     -
#include <array>
#include <cstdint>

#include "kernels/batch.hpp"

namespace aleator::kernels {

/// What a stream of numbers is for; part of the key, so that streams never overlap.
enum class Purpose : std::uint32_t {
  initial = 1,
  proposal = 2,
  acceptance = 3,
  resampling = 4,
  observation_noise = 5,
  prior_sample = 6,
  test = 7,
  trajectory = 8,
  tail = 9,
  tail_acceptance = 10,
  tail_pick = 11,
  coordinate = 12,
  coordinate_acceptance = 13,
  importance = 61,
  patches = 40,
  reservoir = 81,
  reservoir_pick = 82,
  climatology = 62,
  rotation = 63,
  jitter = 64,
  model_noise = 65,
  tree_direction = 41,
  tree_leaf = 42,
  tree_subtree = 43,
  swap = 100,
  reference_draw = 101,
  second_proposal = 102,
  second_acceptance = 103,
  stretch = 104,
  evolution = 106,
  evolution_noise = 107,
  slice = 108,
  slice_scale = 109,
  laplace = 120,
  stage_acceptance = 121,
  minibatch = 130,
  minibatch_deal = 131,
  past = 132,
  guide = 133,
  filter = 140,
  filter_of_proposal = 141,
  mean_field = 150,
  score_diffusion = 151,
  score_pick = 152,
  score_candidate = 153,
  data_langevin = 154,
  sensitivity = 160,
  fusion_part = 170,
  fusion_pairs = 171,
  fusion_bridge = 172,
  fusion_resampling = 173,
};

/// The four 32-bit outputs of Philox4x32-10 for one counter and key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// One purpose at one step of an algorithm.
struct Stream {
  Purpose purpose;
  std::int64_t step = 0;
};

/// A seed of its own for each part of what has one seed, so that no part of seed s is one of seed s + 1; `kind`: of parts.
inline std::uint64_t seed_of_part(std::uint64_t seed, std::uint64_t part, std::uint32_t kind) {
  const auto word = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto x = philox4x32({word(part), word(part >> 32), kind, 0}, {word(seed), word(seed >> 32)});
  return (static_cast<std::uint64_t>(x[1]) << 32) | x[0];
}

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t seed() const { return seed_; }

  /// out(r, c) ~ N(0, 1) for global row first_row + r and column c.
  void normals(Stream stream, std::int64_t first_row, Batch out) const;
  /// out = kept x + scale xi with the xi of normals(), in one pass over memory; out is not x.
  void normals_around(Stream stream, std::int64_t first_row, double kept, const ConstBatch& x, double scale,
                      const Batch& out) const;
  /// out(r): the uniform of global row first_row + r.
  void uniforms(Stream stream, std::int64_t first_row, std::uint32_t column, Vector out) const;
  /// One row of normals(), on the calling thread.
  void row_of_normals(Stream stream, std::int64_t row, double* out, int columns) const;
  /// Uniform on (0, 1], 52 bits.
  double uniform(Stream stream, std::int64_t row, std::uint32_t column = 0) const;

 private:
  template <typename Block>
  void fill_blocks(Stream stream, std::int64_t first_row, const Batch& out, const Block& after) const;
  std::uint64_t seed_;
};

}  // namespace aleator::kernels
