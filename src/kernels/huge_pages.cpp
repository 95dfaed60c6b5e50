#include "kernels/huge_pages.hpp"

#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace aleator::kernels {

HugePages::HugePages(std::size_t doubles) {
  constexpr std::size_t page = std::size_t{2} << 20;
  const std::size_t bytes = (doubles * sizeof(double) + page - 1) / page * page;
  memory_.reset(static_cast<double*>(std::aligned_alloc(page, bytes > 0 ? bytes : page)));
  if (!memory_) throw std::bad_alloc();
#if defined(__linux__)
  madvise(memory_.get(), bytes, MADV_HUGEPAGE);  // advice only: without it everything still works
#endif
}

}  // namespace aleator::kernels
