# Compiler flags of our own code. Never -ffast-math: NaN checks and reproducible sums depend on it.
add_compile_options(-Wall -Wextra)
if(NOT ALEATOR_CUDA)
  add_compile_options(-Wpedantic)  # what nvcc generates is not pedantic
endif()
add_compile_options(-Wno-psabi)  # wide vectors stay inside one program: how other compilers would pass them is no matter
if(ALEATOR_WERROR)
  add_compile_options(-Werror)
endif()
if(ALEATOR_NATIVE)
  include(CheckCXXCompilerFlag)
  check_cxx_compiler_flag(-march=native ALEATOR_HAS_MARCH_NATIVE)
  check_cxx_compiler_flag(-mprefer-vector-width=512 ALEATOR_HAS_VECTOR_WIDTH)
  if(ALEATOR_HAS_MARCH_NATIVE)
    add_compile_options(-march=native)
  endif()
  if(ALEATOR_HAS_VECTOR_WIDTH)
    add_compile_options(-mprefer-vector-width=512)  # 2x to 4x on compute-bound kernels with AVX-512
  endif()
endif()
if(ALEATOR_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
endif()
