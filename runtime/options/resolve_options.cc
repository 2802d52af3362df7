// In this order: texts of variables as values, apply_variables(), the checks of single options, and resolve_options(),
// which calls them all.
#include "resolve_options.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <ranges>
#include <unistd.h>
#include <utility>

#include "../../base/cgroups.h"
#include "../../base/error.h"
#include "../../base/number_text.h"
#include "../../objectstore/spill/s3_location.h"
#include "../../rpc/cores.h"
#include "../../scheduler/placement.h"
#include "../../serialization/stream/trace.h"
#include "check_environment.h"
#include "check_options.h"
#include "gpu_names.h"
#include "size_text.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kSmallestStore = std::uint64_t{16} << 20;
// A process maps the store twice, and its metadata, into its address space of 128 TiB.
constexpr std::uint64_t kLargestStore = std::uint64_t{32} << 40;

[[noreturn]] void refuse(const std::string& what) { throw InvalidArgument(what); }

const char* variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : nullptr;
}

double number_of(const char* name, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    refuse(std::string(name) + "=" + std::string(text) + " is not a number");
  }
  return value;
}

std::uint64_t bytes_of(const char* name, std::string_view text) {
  const auto bytes = parse_size(text);
  if (!bytes) {
    refuse(std::string(name) + "=" + std::string(text) + " is not a size: give it as " +
           std::string(kSizesAllowed));
  }
  return *bytes;
}

Timeout timeout_of(const char* name, std::string_view text) {
  const double seconds = number_of(name, text);
  if (seconds < 0) refuse(std::string(name) + "=" + std::string(text) + " is below 0 seconds");
  return std::chrono::duration<double>(seconds);
}

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> items;
  for (const auto item : std::views::split(text, ',')) items.emplace_back(item.begin(), item.end());
  return items;
}

bool flag_of(const char* name, std::string_view text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  refuse(std::string(name) + "=" + std::string(text) + " is neither 0 nor 1");
}

std::map<std::string, std::string> pairs_of(const char* name, std::string_view text) {
  std::map<std::string, std::string> pairs;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    const auto equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      refuse(std::string(name)
                 .append(" needs the form \"a=1,b=2\", but has \"")
                 .append(item)
                 .append("\""));
    }
    pairs[std::string(item.substr(0, equals))] = item.substr(equals + 1);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return pairs;
}

Resources resources_of(const char* name, std::string_view text) {
  Resources resources;
  for (const auto& [resource, amount] : pairs_of(name, text)) {
    resources[resource] = number_of((std::string(name) + ": " + resource).c_str(), amount);
  }
  return resources;
}

void apply_variables(InitOptions& options) {
  if (const char* v = variable("MANTA_ADDRESS"); v && options.address.empty()) options.address = v;
  if (const char* v = variable("MANTA_CPUS"); v && !options.cpus) {
    options.cpus = number_of("MANTA_CPUS", v);
  }
  if (const char* v = variable("MANTA_GPUS"); v && options.gpus == 0) {
    options.gpus = number_of("MANTA_GPUS", v);
  }
  if (const char* v = variable("MANTA_MEMORY"); v && !options.memory) {
    options.memory = bytes_of("MANTA_MEMORY", v);
  }
  if (const char* v = variable("MANTA_RESOURCES"); v && options.resources.empty()) {
    options.resources = resources_of("MANTA_RESOURCES", v);
  }
  if (const char* v = variable("MANTA_OBJECT_STORE_BYTES"); v && !options.object_store_bytes) {
    options.object_store_bytes = bytes_of("MANTA_OBJECT_STORE_BYTES", v);
  }
  if (const char* v = variable("MANTA_SPILL_DIRS"); v && options.spill_dirs.empty()) {
    options.spill_dirs = list_of(v);
  }
  if (const char* v = variable("MANTA_NAMESPACE"); v && options.name_space.empty()) {
    options.name_space = v;
  }
  if (const char* v = variable("MANTA_LOG_TO_DRIVER"); v && options.log_to_driver) {
    options.log_to_driver = flag_of("MANTA_LOG_TO_DRIVER", v);
  }
  if (const char* v = variable("MANTA_WORKING_DIR"); v && options.working_dir.empty()) {
    options.working_dir = v;
  }
  if (const char* v = variable("MANTA_LABELS"); v && options.labels.empty()) {
    options.labels = pairs_of("MANTA_LABELS", v);
  }
  if (const char* v = variable("MANTA_OVERFLOW"); v && options.overflow) {
    options.overflow = flag_of("MANTA_OVERFLOW", v);
  }
  if (const char* v = variable("MANTA_PUT_TIMEOUT"); v && !options.put_timeout) {
    options.put_timeout = timeout_of("MANTA_PUT_TIMEOUT", v);
  }
  // Serialization reads this variable itself, but has nobody to tell that it is wrong.
  if (const char* v = variable("MANTA_SERIALIZE_VERBOSE");
      v && !serialization::parse_verbosity(v)) {
    refuse(std::string("MANTA_SERIALIZE_VERBOSE=") + v + " is none of 0, 1 and 2");
  }
}

// `from` is the text of the variable that said so, or null.
void check_store_size(std::uint64_t bytes, const char* from) {
  if (bytes >= kSmallestStore && bytes <= kLargestStore) return;
  refuse("InitOptions::object_store_bytes (MANTA_OBJECT_STORE_BYTES" +
         (from != nullptr ? "=" + std::string(from) : std::string()) + ") is " + size_text(bytes) +
         "; a store has 16 MiB to 32 TiB");
}

void check_labels(const Labels& labels) {
  const auto wrong = std::ranges::find_if(labels, [](const auto& label) {
    return !scheduler::is_label(label.first) || !scheduler::is_label(label.second);
  });
  if (wrong == labels.end()) return;
  refuse("InitOptions::labels (MANTA_LABELS) has \"" + wrong->first + "=" + wrong->second +
         "\"; names and values are not empty, and have no blanks and none of , ( ) = !");
}

// What tasks may reserve by default.
std::uint64_t memory_beside(std::uint64_t usable, std::uint64_t object_store_bytes) {
  return usable - std::min(usable, object_store_bytes);
}

std::vector<std::string> gpus_of(const InitOptions& options) {
  if (const auto given = options.env.find(kVisibleGpus); given != options.env.end()) {
    return gpu_names(options.gpus, given->second);
  }
  const char* const inherited = std::getenv(kVisibleGpus);
  return gpu_names(options.gpus, inherited == nullptr ? std::nullopt
                                                      : std::optional<std::string_view>(inherited));
}

// Makes a directory and gives its absolute path; of a place in S3 its name.
std::string spill_directory(const std::string& name) {
  const std::string what = "InitOptions::spill_dirs (MANTA_SPILL_DIRS) names \"" + name + "\", ";
  if (name.empty()) refuse(what + "which is no directory");
  if (objectstore::is_s3(name)) {
    try {
      (void)objectstore::s3_location(name);  // the node reads it again
    } catch (const InvalidArgument& error) {
      refuse(what + "which will not do: " + error.what());
    }
    return name;
  }
  if (name.find("://") != std::string::npos) {
    refuse(what + "which is neither a directory nor a place in S3 (s3://BUCKET/PREFIX)");
  }
  if (name.starts_with("~")) refuse(what + "but only a shell knows what ~ is: give the path");
  std::string path = std::filesystem::absolute(name).string();
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) refuse(what + "which cannot be made: " + error.message());
  if (!std::filesystem::is_directory(path, error)) refuse(what + "which is no directory");
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    refuse(what + "where nothing may be written: " + std::strerror(errno));
  }
  return path;
}

std::int64_t milliseconds_of(const Timeout& timeout) {
  if (timeout.is_forever()) return std::numeric_limits<std::int64_t>::max();
  return std::chrono::duration_cast<std::chrono::milliseconds>(timeout.value()).count();
}

// Paths become absolute: the workers may run in another directory than the driver.
void apply_worker(const WorkerProgram& worker, NodeOptions& node) {
  if (!worker.path.empty()) node.program = std::filesystem::absolute(worker.path).string();
  node.program_args = worker.args;
  for (const auto& library : worker.libraries) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(library, error)) {
      refuse("InitOptions::worker.libraries names " + library.string() + ", which is no file");
    }
    node.libraries.push_back(std::filesystem::absolute(library).string());
  }
}

bool wants_local_session() {
  const char* const text = variable("MANTA_LOCAL");
  return text != nullptr && flag_of("MANTA_LOCAL", text);
}

void check_address(const std::string& address) {
  if (address == "auto" || address.starts_with("/")) return;
  refuse("manta::init(): InitOptions::address (MANTA_ADDRESS) is \"" + address +
         "\": it is \"auto\", or what `manta start` has said, the directory of a node on this "
         "machine; nodes of other machines cannot be joined yet");
}

// What only the node itself can be told. `given`: InitOptions, or the variable.
void check_describes_no_node(const InitOptions& options) {
  const std::pair<bool, const char*> given[] = {
      {options.cpus.has_value(), "cpus (MANTA_CPUS)"},
      {options.gpus != 0, "gpus (MANTA_GPUS)"},
      {options.memory.has_value(), "memory (MANTA_MEMORY)"},
      {!options.resources.empty(), "resources (MANTA_RESOURCES)"},
      {options.object_store_bytes.has_value(), "object_store_bytes (MANTA_OBJECT_STORE_BYTES)"},
      {!options.spill_dirs.empty(), "spill_dirs (MANTA_SPILL_DIRS)"},
      {!options.labels.empty(), "labels (MANTA_LABELS)"},
      {!options.overflow, "overflow (MANTA_OVERFLOW)"},
  };
  for (const auto& [is_given, what] : given) {
    if (!is_given) continue;
    refuse(std::string("manta::init(): InitOptions::") + what +
           " says what a node has, but the session joins one that runs (address \"" +
           options.address + "\"): give it to `manta start`, or leave the address empty");
  }
  if (wants_local_session()) {
    refuse(
        "manta::init(): MANTA_LOCAL=1 runs all tasks in this process, without a node, but the "
        "session is to join one (address \"" +
        options.address + "\"): unset one of them");
  }
}

void apply_job(const InitOptions& options, NodeOptions& node) {
  check_environment(options.env, "InitOptions::env");
  if (options.put_timeout) node.put_timeout_ms = milliseconds_of(*options.put_timeout);
  node.log_to_driver = options.log_to_driver;
  node.env = options.env;
  check_name_space(options.name_space, "InitOptions::name_space (MANTA_NAMESPACE)");
  node.name_space = options.name_space;
  node.working_dir = options.working_dir.string();
  apply_worker(options.worker, node);
}

// Of a driver that joins a node: the rest is that node's affair.
NodeOptions options_of_job(const InitOptions& options) {
  check_address(options.address);
  check_describes_no_node(options);
  NodeOptions job;
  job.address = options.address;
  apply_job(options, job);
  return job;
}

}  // namespace

std::uint64_t default_store_size(std::uint64_t memory) {
  return std::clamp(memory / 10 * 3, kSmallestStore, kLargestStore);
}

std::string about_large_store(std::uint64_t object_store_bytes, std::uint64_t usable_memory) {
  if (object_store_bytes <= usable_memory) return "";
  return "the object store of " + size_text(object_store_bytes) + " is larger than the " +
         size_text(usable_memory >> 20 << 20) +
         " of memory that the machine, or its cgroup's limit, allows: before it is full the "
         "system, or Manta's memory monitor, may end processes. Give init fewer object_store_bytes "
         "(MANTA_OBJECT_STORE_BYTES): what does not fit goes on disk";
}

NodeOptions resolve_options(InitOptions options) {
  const bool given_bytes = options.object_store_bytes.has_value();
  apply_variables(options);
  if (!options.address.empty()) return options_of_job(options);
  if (options.cpus && !(*options.cpus > 0 && std::isfinite(*options.cpus))) {
    refuse("InitOptions::cpus (MANTA_CPUS) is " + base::number_text(*options.cpus) +
           "; it must be above 0");
  }
  check_resources(options.resources, "InitOptions::resources (MANTA_RESOURCES)");
  if (options.object_store_bytes) {
    check_store_size(*options.object_store_bytes,
                     given_bytes ? nullptr : variable("MANTA_OBJECT_STORE_BYTES"));
  }
  check_labels(options.labels);
  NodeOptions node;
  node.cpus = options.cpus.value_or(static_cast<double>(rpc::usable_cores()));
  node.resources = options.resources;
  node.gpus = gpus_of(options);
  node.usable_memory = base::usable_memory();
  node.object_store_bytes =
      options.object_store_bytes.value_or(default_store_size(node.usable_memory));
  node.memory_bytes =
      options.memory.value_or(memory_beside(node.usable_memory, node.object_store_bytes));
  node.labels = options.labels;
  for (const auto& name : options.spill_dirs) node.spill_dirs.push_back(spill_directory(name));
  if (node.spill_dirs.size() > 1 && std::ranges::any_of(node.spill_dirs, objectstore::is_s3)) {
    refuse(
        "InitOptions::spill_dirs (MANTA_SPILL_DIRS) names a place in S3 and others beside it: give "
        "either directories, or one place in S3");
  }
  node.store_addresses = store_addresses(node.object_store_bytes, options.overflow);
  apply_job(options, node);
  const char* keep = variable("MANTA_KEEP_LOGS");
  node.keep_logs = keep != nullptr && flag_of("MANTA_KEEP_LOGS", keep);
  node.local = wants_local_session();
  if (node.local) node.prestart = 0;
  return node;
}

}  // namespace manta::detail
