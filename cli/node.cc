#include "node.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "../base/error.h"
#include "../runtime/launch/ask_console.h"
#include "../runtime/launch/join_node.h"
#include "../runtime/launch/launch.h"
#include "../runtime/launch/session_directory.h"
#include "../runtime/options/resolve_options.h"
#include "texts.h"

namespace manta::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

constexpr auto kEndsWithin = 20s;  // of its own accord, with many workers on a loaded machine
constexpr auto kDiesWithin = 10s;  // of SIGKILL

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void set_if_given(const char* variable, const std::string& text) {
  if (!text.empty()) ::setenv(variable, text.c_str(), 1);
}

detail::NodeStatus ask(const fs::path& directory) {
  const auto bytes = detail::ask_console(directory, {.question = detail::ConsoleQuestion::kStatus});
  auto status = detail::decode_node_status(bytes);
  if (!status) {
    throw RuntimeError("the node in " + directory.string() + " sent what cannot be read");
  }
  return *std::move(status);
}

std::string number_text(double amount) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", amount);
  return text;
}

Json json_of(const detail::NodeStatus& node) {
  Json jobs = Json::array();
  for (const detail::JobStatus& job : node.jobs) {
    jobs.push_back({{"job", job.job},
                    {"driver_pid", job.driver},
                    {"program", job.program},
                    {"workers", job.workers},
                    {"driver_left", job.left},
                    {"ending", job.ending}});
  }
  const StoreStats& store = node.store;
  return {{"address", node.directory},
          {"node", node.node},
          {"pid", node.pid},
          {"version", node.version},
          {"private", !node.standing},
          {"total", node.resources.total},
          {"available", node.resources.available},
          {"labels", node.resources.labels},
          {"store",
           {{"capacity", store.capacity},
            {"used", store.used},
            {"spilled", store.spilled},
            {"objects", store.objects}}},
          {"actors", node.actors},
          {"jobs", jobs}};
}

std::string lines_of(const detail::NodeStatus& node) {
  std::string text = std::string(node.standing ? "node" : "private session") + " " +
                     node.directory + " (pid " + std::to_string(node.pid) + ", Manta " +
                     node.version + ")\n";
  for (const auto& [name, total] : node.resources.total) {
    const auto left = node.resources.available.find(name);
    const double available = left == node.resources.available.end() ? 0 : left->second;
    const bool bytes = name == "memory";
    const auto amount = [bytes](double value) {
      return bytes ? bytes_text(static_cast<std::uint64_t>(value)) : number_text(value);
    };
    if (total == 0) continue;
    text.append("  ").append(name).append(": ").append(amount(available));
    text.append(" of ").append(amount(total)).append(" free\n");
  }
  for (const auto& [name, value] : node.resources.labels) {
    text.append("  label ").append(name).append("=").append(value).append("\n");
  }
  text += "  object store: " + bytes_text(node.store.used) + " of " +
          bytes_text(node.store.capacity) + " in use, " + bytes_text(node.store.spilled) +
          " on disk, " + std::to_string(node.store.objects) + " blocks\n";
  text += "  actors: " + std::to_string(node.actors) +
          "; jobs: " + std::to_string(node.jobs.size()) + "\n";
  for (const detail::JobStatus& job : node.jobs) {
    text += "    " + job.job + ": driver pid " + std::to_string(job.driver) + ", " +
            std::to_string(job.workers) + " workers of " + printable(job.program) +
            (job.ending ? ", ending"
             : job.left ? ", which has left: detached actors live"
                        : "") +
            "\n";
  }
  return text;
}

}  // namespace

std::string text_of(const std::vector<detail::NodeStatus>& nodes, bool json) {
  if (json) {
    Json all = Json::array();
    for (const detail::NodeStatus& node : nodes) all.push_back(json_of(node));
    return dump({{"nodes", all}});
  }
  std::string text;
  for (const detail::NodeStatus& node : nodes) text += lines_of(node);
  return text;
}

std::string start(const StartOptions& options) {
  for (const char* of_drivers : {"MANTA_ADDRESS", "MANTA_LOCAL"}) ::unsetenv(of_drivers);
  set_if_given("MANTA_RESOURCES", options.resources);
  set_if_given("MANTA_LABELS", options.labels);
  detail::NodeOptions node = detail::resolve_options(
      {.cpus = options.cpus, .object_store_bytes = options.object_store_bytes});
  node.standing = true;
  node.prestart = 0;  // of whose program?
  const detail::Attachment started = detail::launch_node(node);
  const std::string about_store =
      detail::about_large_store(node.object_store_bytes, node.usable_memory);
  if (!about_store.empty()) std::fprintf(stderr, "manta: %s\n", about_store.c_str());
  const std::string address = started.directory.string();
  if (options.json) {
    return dump({{"address", address},
                 {"node", started.node.hex()},
                 {"pid", static_cast<int>(started.node_pid)}});
  }
  return "A node is running (pid " + std::to_string(started.node_pid) +
         ").\n  address: " + address +
         "\n  join it: MANTA_ADDRESS=auto ./program, or manta::init({.address = \"auto\"})\n"
         "  end it:  manta stop --address=" +
         address + "\n";
}

std::string status(const NodeCommand& command) {
  std::vector<detail::NodeStatus> nodes;
  if (command.address.empty() || command.address == "auto") {
    for (const fs::path& directory : detail::running_nodes()) nodes.push_back(ask(directory));
  } else {
    nodes.push_back(ask(command.address));
  }
  if (nodes.empty() && !command.json) {
    return "No node of this user is running; see `manta start`.\n";
  }
  return text_of(nodes, command.json);
}

std::string stop(const NodeCommand& command) {
  const fs::path directory = detail::find_node(command.address.empty() ? "auto" : command.address);
  const detail::NodeProcess node = detail::process_of_node(directory);
  node.signal(SIGTERM);
  node.signal(SIGCONT);  // if it was stopped
  const bool willing = node.ended(kEndsWithin);
  if (!willing) {
    node.signal(SIGKILL);
    if (!node.ended(kDiesWithin)) {
      throw RuntimeError("the node process (pid " + std::to_string(node.pid()) + ") does not end" +
                         detail::why_silent(node.pid()));
    }
  }
  detail::remove_abandoned(directory);
  if (command.json) {
    return dump({{"address", directory.string()}, {"pid", static_cast<int>(node.pid())}});
  }
  return "The node " + directory.string() + " (pid " + std::to_string(node.pid()) +
         (willing ? ") has ended.\n" : ") did not end by itself, and was killed.\n");
}

}  // namespace manta::cli
