// A program that lives with other runtimes, which have handlers of SIGSEGV of their own, in driver and workers.
//
//   LD_PRELOAD=librecovers.so neighbours go     a Go library, whose handlers are there before main
//   neighbours java LIBJVM                      a Java machine, which each process makes when it needs it
//
// Prints one fact a line; tests/neighbours/run knows what they must be.
#include <cstdio>
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <string_view>

#ifdef MANTA_HAS_JNI
#include <jni.h>
#endif

#include <manta/manta.h>

namespace {

int go_recovers(int times) {
  const auto recovers = reinterpret_cast<int (*)()>(::dlsym(RTLD_DEFAULT, "GoRecovers"));
  if (recovers == nullptr) throw std::runtime_error("there is no GoRecovers()");
  int recovered = 0;
  for (int i = 0; i < times; ++i) recovered += recovers();
  return recovered;
}

#ifdef MANTA_HAS_JNI
JNIEnv* java(const std::string& library) {
  static JNIEnv* env = nullptr;
  if (env != nullptr) return env;
  void* const machine = ::dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (machine == nullptr) throw std::runtime_error(::dlerror());
  const auto create =
      reinterpret_cast<decltype(&JNI_CreateJavaVM)>(::dlsym(machine, "JNI_CreateJavaVM"));
  JavaVMInitArgs arguments = {};
  arguments.version = JNI_VERSION_1_8;
  JavaVM* made = nullptr;
  if (create(&made, reinterpret_cast<void**>(&env), &arguments) != JNI_OK) {
    throw std::runtime_error("no Java machine could be made");
  }
  return env;
}

// "a".concat(null): the machine reads through the null pointer, and makes an exception of the SIGSEGV.
int java_recovers(const std::string& library, int times) {
  JNIEnv* const env = java(library);
  jobject const text = env->NewStringUTF("a");
  jmethodID const concat = env->GetMethodID(env->FindClass("java/lang/String"), "concat",
                                            "(Ljava/lang/String;)Ljava/lang/String;");
  int recovered = 0;
  for (int i = 0; i < times; ++i) {
    env->CallObjectMethod(text, concat, nullptr);
    if (env->ExceptionCheck() == JNI_TRUE) ++recovered;
    env->ExceptionClear();
  }
  return recovered;
}
#else
int java_recovers(const std::string&, int) { throw std::runtime_error("built without jni.h"); }
#endif

int recovers(const std::string& library, int times) {
  return library.empty() ? go_recovers(times) : java_recovers(library, times);
}

int scribble(const std::string& library, const manta::Array<char>& array) {
  const int recovered = recovers(library, 1);
  *const_cast<volatile char*>(array.data()) = 1;
  return recovered;
}

int crash(const std::string& library) {
  const int recovered = recovers(library, 1);
  volatile int* volatile nowhere = nullptr;
  *nowhere = recovered;
  return recovered;
}

void print_error_of(const char* what, const manta::ObjectRef<int>& ref) {
  try {
    std::printf("%s: no error, %d\n", what, manta::get(ref));
  } catch (const manta::ReadOnlyWrite&) {
    std::printf("%s: ReadOnlyWrite\n", what);
  } catch (const manta::WorkerCrashed&) {
    std::printf("%s: WorkerCrashed\n", what);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const std::string library = argc > 2 ? argv[2] : "";
  if (mode != "go" && (mode != "java" || library.empty())) {
    std::fputs("usage: neighbours go | java LIBJVM\n", stderr);
    return 2;
  }
  const auto session = manta::init({.cpus = 1, .object_store_bytes = 64 << 20});
  const manta::Array<char> array = manta::full<char>(1 << 20, 'a');
  std::printf("worker: %d\n", manta::get(manta::remote(recovers)(library, 100)));
  std::printf("driver: %d\n", recovers(library, 100));
  print_error_of("read-only write", manta::remote(scribble)(library, array));
  print_error_of("crash", manta::remote(crash, {.max_retries = 0})(library));
  std::printf("driver: %d\n", recovers(library, 100));
  std::printf("worker: %d\n", manta::get(manta::remote(recovers)(library, 100)));
}
