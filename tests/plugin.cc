// A library that programs load while they run.
#include <string>
#include <system_error>

namespace {
struct PluginCategory : std::error_category {
  const char* name() const noexcept override { return "plugin"; }
  std::string message(int) const override { return "plugin error"; }
};
}  // namespace

extern "C" const std::error_category* plugin_category() {
  static const PluginCategory category;
  return &category;
}
extern "C" double plugin_tripled(double x) { return 3 * x; }
extern "C" int plugin_read_through(const int* pointer) { return *pointer + 1; }
