// Names a class of one library, so that the program needs the library, and
// says which file was loaded. Nothing of the class is called: that takes a GPU.
#include <dlfcn.h>

#include <cstdio>
#include <iostream>
#include HEADER

namespace {

// Ends the life of an object: a reference to a function of the library.
void end(CLASS* object) { object->~CLASS(); }

}  // namespace

int main() {
  void (*volatile used)(CLASS*) = end;
  void* library = dlopen(LIBRARY, RTLD_LAZY | RTLD_NOLOAD);
  if (used == nullptr || library == nullptr) {
    std::fprintf(stderr, "%s is not loaded\n", LIBRARY);
    return 1;
  }
  std::printf("linked to %s\n", LIBRARY);
  return 0;
}
