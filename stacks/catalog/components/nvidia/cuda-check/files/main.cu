// Says which CUDA it was compiled with and which runtime library was loaded,
// which needs no GPU, or adds numbers on the GPU and holds the sums against the
// processor's.
#include <cstdio>
#include <cstring>
#include <cuda_runtime.h>
#include <dlfcn.h>

namespace {

constexpr int count = 4096;

__global__ void add(const int* a, const int* b, int* sum) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) sum[i] = a[i] + b[i];
}

bool failed(const char* what, cudaError_t status) {
  if (status == cudaSuccess) return false;
  std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(status));
  return true;
}

// Older runtimes tell their version only where there is a driver, so the file
// is asked for and not the library.
int version() {
  Dl_info where;
  void* symbol = dlsym(RTLD_DEFAULT, "cudaRuntimeGetVersion");
  if (symbol == nullptr || dladdr(symbol, &where) == 0) {
    std::fprintf(stderr, "no runtime library is loaded\n");
    return 1;
  }
  std::printf("compiled with %d.%d, loaded %s\n", CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10, where.dli_fname);
  return 0;
}

int onDevice() {
  int runtime = 0;
  if (failed("runtime version", cudaRuntimeGetVersion(&runtime))) return 1;
  std::printf("runtime %d.%d\n", runtime / 1000, runtime % 1000 / 10);
  static int a[count], b[count], sum[count];
  for (int i = 0; i < count; i++) {
    a[i] = i;
    b[i] = 3 * i + 1;
  }
  int *da = nullptr, *db = nullptr, *dsum = nullptr;
  if (failed("allocate", cudaMalloc(&da, sizeof a)) || failed("allocate", cudaMalloc(&db, sizeof b)) ||
      failed("allocate", cudaMalloc(&dsum, sizeof sum)))
    return 1;
  if (failed("copy", cudaMemcpy(da, a, sizeof a, cudaMemcpyHostToDevice)) ||
      failed("copy", cudaMemcpy(db, b, sizeof b, cudaMemcpyHostToDevice)))
    return 1;
  add<<<count / 256, 256>>>(da, db, dsum);
  if (failed("launch", cudaGetLastError()) || failed("copy", cudaMemcpy(sum, dsum, sizeof sum, cudaMemcpyDeviceToHost)))
    return 1;
  for (int i = 0; i < count; i++)
    if (sum[i] != a[i] + b[i]) {
      std::fprintf(stderr, "sum %d is %d, not %d\n", i, sum[i], a[i] + b[i]);
      return 1;
    }
  std::printf("%d sums are right\n", count);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "version") == 0) return version();
  if (argc == 2 && std::strcmp(argv[1], "add") == 0) return onDevice();
  std::fprintf(stderr, "usage: cuda-check version|add\n");
  return 2;
}
