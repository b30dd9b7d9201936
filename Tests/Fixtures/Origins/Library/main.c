#include <dlfcn.h>

int main(int count, char **arguments) {
  void *library = count > 1 ? dlopen(arguments[1], RTLD_NOW) : 0;
  void (*check)(void) = library ? (void (*)(void))dlsym(library, "check_library") : 0;
  if (!check) return 1;
  check();
  return 0;
}
