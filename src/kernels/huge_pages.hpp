#pragma once
/// What      Host memory on large pages, for workspaces that a kernel walks through in short runs.
/// Method    Aligned to 2 MiB and marked for transparent huge pages where the system has them: with 4 KiB pages a pack of
///           8 doubles a line means a new page every 64 packs, more than the first-level address cache covers.
/// Parallel  not initialised: a page goes to the memory of the thread that first writes to it.
/// Cost      rounds the size up to 2 MiB.
/// Fails     std::bad_alloc.
#include <cstddef>
#include <cstdlib>
#include <memory>

namespace aleator::kernels {

class HugePages {
 public:
  HugePages() = default;
  explicit HugePages(std::size_t doubles);
  double* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(double* memory) const { std::free(memory); }  // NOLINT: from aligned_alloc
  };
  std::unique_ptr<double, Free> memory_;
};

}  // namespace aleator::kernels
