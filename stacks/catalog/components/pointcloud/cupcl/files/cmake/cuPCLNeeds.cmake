# What the headers read: CUDA's runtime headers and Eigen, as the target
# cuPCL::needs. CUDA's compiler is not asked for, because none is needed.
# CUPCL_CUDA says where CUDA is; Debian's lies in /usr. Where one is missing,
# there is no target, and cuPCL_NOT_FOUND_MESSAGE says why.
if(TARGET cuPCL::needs)
  return()
endif()

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  set(_cuPCL_targets targets/x86_64-linux)
else()
  set(_cuPCL_targets targets/aarch64-linux targets/sbsa-linux)
endif()
set(_cuPCL_include include)
set(_cuPCL_lib lib64 lib)
foreach(_cuPCL_dir IN LISTS _cuPCL_targets)
  list(PREPEND _cuPCL_include ${_cuPCL_dir}/include)
  list(PREPEND _cuPCL_lib ${_cuPCL_dir}/lib)
endforeach()

find_path(cuPCL_CUDA_INCLUDE cuda_runtime.h HINTS "${CUPCL_CUDA}" ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES ${_cuPCL_include})
find_library(cuPCL_CUDART cudart HINTS "${CUPCL_CUDA}" ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES ${_cuPCL_lib})
find_path(cuPCL_EIGEN_INCLUDE Eigen/Core PATH_SUFFIXES eigen3)
foreach(_cuPCL_need IN ITEMS cuPCL_CUDA_INCLUDE cuPCL_CUDART cuPCL_EIGEN_INCLUDE)
  if(NOT ${_cuPCL_need})
    set(cuPCL_FOUND FALSE)
    set(cuPCL_NOT_FOUND_MESSAGE "${_cuPCL_need} was not found; set it, or CUPCL_CUDA to the folder of CUDA")
    return()
  endif()
endforeach()

add_library(cuPCL::needs INTERFACE IMPORTED)
set_target_properties(cuPCL::needs PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${cuPCL_CUDA_INCLUDE};${cuPCL_EIGEN_INCLUDE}")
# For programs that call CUDA themselves.
add_library(cuPCL::cudart UNKNOWN IMPORTED)
set_target_properties(cuPCL::cudart PROPERTIES IMPORTED_LOCATION "${cuPCL_CUDART}" INTERFACE_LINK_LIBRARIES cuPCL::needs)
