extern "C" int cudaRuntimeGetVersion(int* version) { return *version = 12060, 0; }
