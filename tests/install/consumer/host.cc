// A program without Manta, which loads a plugin: host PLUGIN WORKER_PROGRAM
#include <cstdio>
#include <dlfcn.h>

int main(int, char** argv) {
  void* const plugin = dlopen(argv[1], RTLD_NOW);
  if (plugin == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  using Answer = int (*)(const char*, const char*);
  const auto answer = reinterpret_cast<Answer>(dlsym(plugin, "plugin_answer"));
  std::printf("%d\n", answer(argv[2], argv[1]));
}
