#pragma once
/// What      Runs the diffusion kernel over the rows of a batch; the inside of Diffusion.
/// Method    W rows make a pack; worker slot s does packs s, s + slots, ... in its own workspace. On the host W fills a vector
///           register and a cotangent is asked for while the factor is in cache; on a device W = 1, one row a thread with
///           interleaved workspaces, and cotangents are asked for a launch at a time.
/// Parallel  Kokkos::parallel_for over slots; the last pack repeats a valid row, all operations are vertical.
/// Cost      workspace: about 1 MB a slot for n = 32, c = 8 on the host.
/// Fails     as Diffusion.
#include <vector>

#include "kernels/huge_pages.hpp"
#include "kernels/pack.hpp"
#include "model/forward_model.hpp"
#include "pde/diffusion/kernel.hpp"

namespace aleator::pde::diffusion {

using Exec = Kokkos::DefaultExecutionSpace;
constexpr bool on_host = Kokkos::SpaceAccessibility<Exec, Kokkos::HostSpace>::accessible;
constexpr int lanes = on_host ? kernels::native_lanes : 1;
using Memory = kernels::Packs<lanes, !on_host>;
using Doubles = Kokkos::View<double*, Exec>;
using Integers = Kokkos::View<int*, Exec>;
using Rows = Kokkos::View<double**, Kokkos::LayoutRight, Exec>;
using ConstRows = Kokkos::View<const double**, Kokkos::LayoutRight, Exec>;

/// What one launch works on, in memory of the execution space.
struct Job {
  KernelTables tables;
  KernelLayout layout;
  Doubles work;
  int slots;
  ConstRows theta, direction;  ///< direction: dtheta of a tangent
  Rows y, dy, du;
  Integers fault;  ///< by row: 0 sound, k + 1 coefficient k is not positive and finite, -1 the solution is not finite
  int first_pack = 0, end_pack = 0;

  KOKKOS_INLINE_FUNCTION Kernel<Memory> kernel(int slot) const {
    using P = Memory::P;
    P* begin = reinterpret_cast<P*>(work.data());
    const Memory memory =
        on_host ? Memory{begin + static_cast<std::int64_t>(slot) * layout.total, 1} : Memory{begin + slot, slots};
    return Kernel<Memory>(tables, layout, memory);
  }
  KOKKOS_INLINE_FUNCTION int rows() const { return static_cast<int>(theta.extent(0)); }
  /// The packs of a slot: begin, begin + stride, … < end. On the host a block, so that the thread that made the rows of a batch
  /// (static schedule) is the one that works on them: handing them over costs 5 % of a run on two threads.
  KOKKOS_INLINE_FUNCTION int begin(int slot) const { return first_pack + (on_host ? block(slot) : slot); }
  KOKKOS_INLINE_FUNCTION int end(int slot) const { return on_host ? first_pack + block(slot + 1) : end_pack; }
  KOKKOS_INLINE_FUNCTION int stride() const { return on_host ? 1 : slots; }
  KOKKOS_INLINE_FUNCTION int block(int slot) const {
    return static_cast<int>(static_cast<std::int64_t>(end_pack - first_pack) * slot / slots);
  }
  /// The row in a lane; lanes past the end repeat the last row.
  KOKKOS_INLINE_FUNCTION int row(int pack, int lane) const {
    const int at = pack * lanes + lane;
    return at < rows() ? at : rows() - 1;
  }
  KOKKOS_INLINE_FUNCTION void load(const ConstRows& from, Memory to, int pack) const {
    for (int lane = 0; lane < lanes; ++lane)
      for (int k = 0, at = row(pack, lane); k < static_cast<int>(from.extent(1)); ++k) to.lane(k, lane) = from(at, k);
  }
  /// theta; a row that cannot be solved is replaced by ones.
  KOKKOS_INLINE_FUNCTION void load_theta(const Kernel<Memory>& kernel, int pack) const {
    using P = Memory::P;
    load(theta, kernel.theta, pack);
    P suspicion{};  // not 0 when any value is not positive, NaN when any is not finite
    for (int k = 0; k < tables.cells; ++k) {
      const P value = kernel.theta[k], one = P{} + 1.0;
      suspicion += (value > P{} ? P{} : one) + (value - value);
    }
    kernel.z[0] = suspicion;
    for (int lane = 0; lane < lanes; ++lane) {
      const bool sound = kernel.z.lane(0, lane) == 0.0;
      fault(row(pack, lane)) = sound ? 0 : first_wrong(kernel.theta, lane);
      for (int k = 0; !sound && k < tables.cells; ++k) kernel.theta.lane(k, lane) = 1.0;
    }
  }
  /// 1 + the first coefficient that is not positive and finite.
  KOKKOS_INLINE_FUNCTION int first_wrong(Memory values, int lane) const {
    int k = 0;
    while (values.lane(k, lane) > 0 && values.lane(k, lane) - values.lane(k, lane) == 0) ++k;
    return k + 1;
  }
  /// Marks rows whose outputs overflowed.
  KOKKOS_INLINE_FUNCTION void check(Memory values, int pack) const {
    Memory::P sum{};
    for (int k = 0; k < tables.outputs; ++k) sum += values[k] - values[k];  // NaN when any is not finite
    values[tables.outputs] = sum;                                           // a pack nobody reads
    for (int lane = 0; lane < lanes; ++lane)
      if (values.lane(tables.outputs, lane) != 0.0) fault(row(pack, lane)) = -1;
  }
  KOKKOS_INLINE_FUNCTION void store(Memory from, const Rows& to, int pack) const {
    const int columns = static_cast<int>(to.extent(1));
    for (int lane = 0; lane < lanes; ++lane) {
      const int at = pack * lanes + lane;
      if (at >= rows()) return;
      if (fault(at) == 0) {
        for (int k = 0; k < columns; ++k) to(at, k) = from.lane(k, lane);
      } else {
        for (int k = 0; k < columns; ++k) to(at, k) = not_a_number();
      }
    }
  }
  KOKKOS_INLINE_FUNCTION static double not_a_number() { return 0.0 / zero(); }
  KOKKOS_INLINE_FUNCTION static double zero() {
    volatile double value = 0.0;
    return value;
  }
  /// y of one pack.
  KOKKOS_INLINE_FUNCTION void evaluate(const Kernel<Memory>& kernel, int pack) const {
    load_theta(kernel, pack);
    kernel.evaluate();
    check(kernel.z, pack);
    store(kernel.z, y, pack);
  }
};

class Engine : public model::Adjoint, public model::Tangent {
 public:
  explicit Engine(const Setup& setup);

  const model::Shape& shape() const { return shape_; }
  const Tables& tables() const { return tables_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const;
  model::RowStatus evaluate_and_pullback(model::ConstBatch u, model::Batch y, const model::Cotangent& cotangent,
                                         model::Batch du) const override;
  model::RowStatus evaluate_and_pushforward(model::ConstBatch u, model::ConstBatch du, model::Batch y,
                                            model::Batch dy) const override;
  std::vector<double> solution(const double* theta) const;
  /// A job for the rows of u, without outputs.
  Job job(model::ConstBatch u) const;

 private:
  void lay_out();
  void upload();
  const int* on_device(const std::vector<int>& values);
  const double* on_device(const std::vector<double>& values);
  model::RowStatus status(const Job& job, model::ConstBatch u) const;

  Tables tables_;
  model::Shape shape_;
  KernelTables kernel_tables_{};
  KernelLayout layout_{};
  int slots_ = 1;
  kernels::HugePages pages_;  // on the host, the memory of work_
  Doubles work_;
  std::vector<Integers> integers_;  // owners of what kernel_tables_ points at
  std::vector<Doubles> doubles_;
  Kokkos::View<kernels::Front*, Exec> fronts_;
  Kokkos::View<LeafRecord*, Exec> leaves_;
  Kokkos::View<FrontLeaves*, Exec> front_leaves_;
};

}  // namespace aleator::pde::diffusion
