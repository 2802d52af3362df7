// The report comes first as a table: objects, or groups of them; then as JSON.
#include "memory.h"

#include <algorithm>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "../base/error.h"
#include "../runtime/launch/ask_console.h"
#include "../runtime/ownership/notices.h"
#include "session.h"
#include "texts.h"

namespace manta::cli {
namespace {

using detail::holders_text;
using detail::MemoryHolder;
using detail::MemoryObject;
using detail::MemoryReport;

// What people call it.
std::string name_of(const MemoryObject& object) {
  if (!object.name.empty()) return printable(object.name);
  return object.object.empty() ? "(no object)" : object.object;
}

class Table {
 public:
  explicit Table(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  std::string text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string all;
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        all += row[i];
        if (i + 1 < row.size()) all.append(widths[i] - row[i].size() + 2, ' ');
      }
      all += '\n';
    }
    return all;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string objects_text(const std::vector<MemoryObject>& objects) {
  const bool sites =
      std::ranges::any_of(objects, [](const auto& object) { return !object.site.empty(); });
  std::vector<std::string> heads = {"size", "state", "object", "held by"};
  if (sites) heads.emplace_back("made at");
  Table table(std::move(heads));
  for (const MemoryObject& object : objects) {
    std::vector<std::string> row = {bytes_text(object.size), object.state, name_of(object),
                                    printable(holders_text(object), SIZE_MAX)};
    if (sites) row.push_back(printable(object.site));
    table.add(std::move(row));
  }
  return table.text();
}

// The groups that an object belongs to: each of its holders is one.
std::vector<std::string> groups_of(const MemoryObject& object, GroupBy by) {
  switch (by) {
    case GroupBy::kName:
      return {object.name.empty() ? "(no name)" : object.name};
    case GroupBy::kSite:
      return {object.site.empty() ? "(unknown: see MANTA_CALL_SITES=1)" : object.site};
    case GroupBy::kState:
      return {object.state};
    case GroupBy::kHolder: {
      std::vector<std::string> groups;
      for (const MemoryHolder& holder : object.holders) {
        for (const std::string& kind : holder.kinds) groups.push_back(holder.process + ": " + kind);
      }
      return groups.empty() ? std::vector{object.owner + ": on its way"} : groups;
    }
    case GroupBy::kNothing:
      break;
  }
  return {};
}

struct Group {
  std::string name;
  std::uint64_t objects = 0;
  std::uint64_t bytes = 0;
};

std::vector<Group> groups_of(const std::vector<MemoryObject>& objects, GroupBy by) {
  std::map<std::string, Group> groups;
  for (const MemoryObject& object : objects) {
    for (const std::string& name : groups_of(object, by)) {
      Group& group = groups[name];
      group.name = name;
      ++group.objects;
      group.bytes += object.size;
    }
  }
  std::vector<Group> all;
  for (auto& [name, group] : groups) all.push_back(std::move(group));
  std::ranges::stable_sort(all, std::ranges::greater(), &Group::bytes);
  return all;
}

std::string groups_text(const std::vector<Group>& groups) {
  Table table({"size", "objects", "group"});
  for (const Group& group : groups) {
    table.add({bytes_text(group.bytes), std::to_string(group.objects), printable(group.name)});
  }
  return table.text();
}

void sort(std::vector<MemoryObject>& objects, SortBy by) {
  if (by == SortBy::kSize) {
    std::ranges::stable_sort(objects, std::ranges::greater(), &MemoryObject::size);
  }
  if (by == SortBy::kName) std::ranges::stable_sort(objects, {}, name_of);
  if (by == SortBy::kHolder) std::ranges::stable_sort(objects, {}, holders_text);
}

std::string head_of(const MemoryReport& report) {
  std::string text =
      bytes_text(report.used) + " of " + bytes_text(report.capacity) + " of memory in use";
  if (report.spilled != 0) text += ", " + bytes_text(report.spilled) + " on disk";
  text += "; " + std::to_string(report.blocks_in_all) + " blocks";
  if (report.objects.size() < report.blocks_in_all) {
    text += ", the largest " + std::to_string(report.objects.size()) + " of them here";
  }
  text += "; rings and tables take " + bytes_text(report.beside) + " more\n";
  if (const detail::NodeRecords& records = report.records; records != detail::NodeRecords()) {
    text += "shared by processes: objects " + std::to_string(records.objects) + ", blocks " +
            std::to_string(records.blocks) + "; actors " + std::to_string(records.actors) + "\n";
  }
  for (const std::string& process : report.silent) {
    text += process + " did not say in time what it holds: it runs user code\n";
  }
  return text;
}

nlohmann::ordered_json json_of(const MemoryObject& object) {
  nlohmann::ordered_json holders = nlohmann::ordered_json::array();
  for (const MemoryHolder& holder : object.holders) {
    holders.push_back(
        {{"process", holder.process}, {"runs", holder.runs}, {"kinds", holder.kinds}});
  }
  return {{"object", object.object}, {"name", object.name},   {"size", object.size},
          {"state", object.state},   {"owner", object.owner}, {"made_at", object.site},
          {"holders", holders}};
}

std::string json_text(const MemoryReport& report, const std::vector<MemoryObject>& objects,
                      GroupBy by) {
  nlohmann::ordered_json json = {{"capacity", report.capacity},
                                 {"used", report.used},
                                 {"rings_and_tables", report.beside},
                                 {"on_disk", report.spilled},
                                 {"blocks", report.blocks_in_all},
                                 {"silent", report.silent},
                                 {"shared_objects", report.records.objects},
                                 {"shared_blocks", report.records.blocks},
                                 {"actors", report.records.actors}};
  auto& rows = json[by == GroupBy::kNothing ? "objects" : "groups"];
  rows = nlohmann::ordered_json::array();
  if (by == GroupBy::kNothing) {
    for (const MemoryObject& object : objects) rows.push_back(json_of(object));
  } else {
    for (const Group& group : groups_of(objects, by)) {
      rows.push_back({{"group", group.name}, {"objects", group.objects}, {"size", group.bytes}});
    }
  }
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string text_of(const MemoryReport& report, const MemoryOptions& options) {
  std::vector<MemoryObject> objects = report.objects;
  sort(objects, options.sort);
  if (options.json) return json_text(report, objects, options.group);
  std::string text = head_of(report);
  if (objects.empty()) return text;
  text += "\n";
  text += options.group == GroupBy::kNothing ? objects_text(objects)
                                             : groups_text(groups_of(objects, options.group));
  return text;
}

std::string memory(const MemoryOptions& options) {
  const auto directory = find_session(options.address);
  const auto report =
      detail::decode_memory_report(detail::ask_console(directory, {.most = options.most}));
  if (!report) {
    throw RuntimeError("the session in " + directory.string() + " sent what cannot be read");
  }
  return text_of(*report, options);
}

}  // namespace manta::cli
