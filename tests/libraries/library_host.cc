// A program that is not linked with Manta, and loads libraries that are (loaded_library.cc), as Python does:
//
//   library_host bare LIBRARY               a session without a worker program
//   library_host use WORKER LIBRARY...      a session of each library at the same time, whose workers load it
//   library_host names WORKER LIBRARY       a session whose workers have the functions of their own program
//   library_host itself LIBRARY             a session whose workers are this program
//   library_host load LIBRARY...            nothing but that
//   library_host unload WORKER LIBRARY      a session, and the library is closed afterwards
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <vector>

namespace {

const char* const kNone[] = {nullptr};

class Library {
 public:
  explicit Library(const char* path) : path_(path), handle_(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) std::printf("not loaded: %s\n", ::dlerror());
  }
  bool is_loaded() const { return handle_ != nullptr; }

  int open_loading_itself(const char* worker) const { return open(worker, path_, kNone); }
  int open(const char* worker, const char* library, const char* const* arguments) const {
    using Open = int (*)(const char*, const char*, const char* const*);
    return function<Open>("library_open")(worker, library, arguments);
  }
  int call(const char* name) const { return function<int (*)()>(name)(); }
  void run(const char* name) const { function<void (*)()>(name)(); }
  void unload() const { ::dlclose(handle_); }

 private:
  template <class F>
  F function(const char* name) const {
    return reinterpret_cast<F>(::dlsym(handle_, name));
  }

  const char* path_;
  void* handle_;
};

int use_all(const char* worker, const std::vector<Library>& libraries) {
  int failures = 0;
  for (const Library& library : libraries) failures += library.open_loading_itself(worker);
  for (const Library& library : libraries) failures += library.call("library_use");
  for (const Library& library : libraries) library.run("library_close");
  return failures;
}

int use_names(const char* worker, const Library& library) {
  if (library.open(worker, "", kNone) != 0) return 1;
  const int failures = library.call("library_use_names") + library.call("library_use");
  library.run("library_close");
  return failures;
}

int use_itself(const char* program, const char* path, const Library& library) {
  const char* const arguments[] = {"serve", path, nullptr};
  if (library.open(program, "", arguments) != 0) return 1;
  const int failures = library.call("library_use");
  library.run("library_close");
  return failures;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  const bool has_worker = mode == "use" || mode == "names" || mode == "unload";
  std::vector<Library> libraries;
  for (int i = has_worker ? 3 : 2; i < argc; ++i) libraries.emplace_back(argv[i]);
  for (const Library& library : libraries) {
    if (!library.is_loaded()) return 3;
  }
  if (libraries.empty()) return 2;
  if (mode == "serve") libraries[0].run("library_serve");  // returns only if this is no worker
  if (mode == "bare") return libraries[0].open("", "", kNone);
  if (mode == "use") return use_all(argv[2], libraries);
  if (mode == "names") return use_names(argv[2], libraries[0]);
  if (mode == "itself") return use_itself("/proc/self/exe", argv[2], libraries[0]);
  if (mode == "unload") {
    const int failures = use_all(argv[2], libraries);
    libraries[0].unload();
    return failures;
  }
  return mode == "load" ? 0 : 2;
}
