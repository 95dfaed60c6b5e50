#include "math/blas.hpp"

#include <cblas.h>

#include <cstdlib>

namespace aleator::math {

void use_one_blas_thread() { [[maybe_unused]] static const bool is_done = (openblas_set_num_threads(1), true); }

std::string better_blas_kernels() {
#ifdef __x86_64__
  if (std::getenv("OPENBLAS_CORETYPE") != nullptr) return {};
  const std::string taken_for = openblas_get_corename();
  bool is_stranger = false;  // what OpenBLAS falls back to where it does not know a processor
  for (const char* old : {"Generic", "Prescott", "Core2", "Penryn", "Dunnington", "Nehalem"})
    is_stranger = is_stranger || taken_for == old;
  if (!is_stranger) return {};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return {};
}

}  // namespace aleator::math
