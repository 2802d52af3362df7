// The node process of a session: reads what the processes say, keeps the tables, starts and buries workers.
//
//   sweep all rings --> grant, start, settle, send --> anything left? --no--> arm the bell, sleep in epoll
//        ^-----------------------------------------------------------------------'
//
// It ends when its driver does (EOF of the socket, or the process is gone), or on SIGTERM: then it kills and reaps
// every process below it, removes the session's directory, and exits. One that was started by `manta start` has no
// driver of its own; drivers join it, and when one ends its job does (node_jobs.cc).
//
// Where to read: node.cc has the loop and the messages, node_workers.cc how workers begin and are buried,
// node_wakeups.cc what ends the sleep, node_jobs.cc drivers that join, run_node.cc the process around it.
// Threads: one. No CPU when idle but a look once a second whether free memory should be committed ahead, and what the
//          rings take of the store's budget.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../../base/fd.h"
#include "../../objectstore/arena/arena.h"
#include "../../objectstore/arena/arena_files.h"
#include "../../rpc/control.h"
#include "../launch/hello.h"
#include "../launch/role.h"
#include "../launch/session_directory.h"
#include "../wire/node_status.h"
#include "actors.h"
#include "console.h"
#include "job.h"
#include "joining.h"
#include "lanes.h"
#include "leasing.h"
#include "long_calls.h"
#include "memory_ahead.h"
#include "memory_census.h"
#include "memory_kills.h"
#include "memory_monitor.h"
#include "objects.h"
#include "own_asio.h"
#include "peers.h"
#include "spilling.h"
#include "store_room.h"
#include "waits.h"
#include "worker_processes.h"

namespace manta::detail::node {

// The shared memory of the session, before anybody else has it.
struct SharedMemory {
  SharedMemory(const NodeOptions& options, const std::filesystem::path& session_directory);

  objectstore::ArenaFiles arena;
  objectstore::ArenaSize store_size;
  base::Fd control;
  base::Fd bell;
};

class Node {
 public:
  Node(Role& role, base::Fd program, SessionDirectory directory, asio::io_context& io,
       Job::Socket socket);
  void run();
  NodeHello hello() const;  // of a private session
  [[noreturn]] void end();

 private:
  bool round();
  void read_to_the_end(rpc::Slot slot);  // of a process that died
  // A message, with its payload if it has one: to whichever part has an on() for it.
  template <class... Message>
  void deliver(rpc::Slot from, const Message&... message);
  void on(rpc::Slot from, const WorkerHello& hello);
  void on(rpc::Slot from, const HoldObject& hold);
  void on(rpc::Slot from, const HoldActor& hold);
  void on(rpc::Slot from, const HoldBlock& hold);
  void on(rpc::Slot from, const ReplyMissing& missing);
  void on(rpc::Slot from, const CancelCall& cancel);
  void on(rpc::Slot from, const CancelObject& cancel);
  void on(rpc::Slot from, const ResourcesAsk& question);
  void on(rpc::Slot from, const RoomAsk& ask, std::string_view waiter);
  void on(rpc::Slot from, const RestoreAsk& ask, std::string_view waiter);
  void on(rpc::Slot from, const TellUser& tell, PayloadBytes notice);
  void tell(rpc::Slot to, const Waits::Told& message, std::string_view text);
  std::optional<rpc::Slot> start_worker(const scheduler::WorkerKind& kind);
  void refuse(const Peers::Broken& broken);
  void reap();
  void bury(const WorkerProcesses::Exit& exit);
  void forget_process(rpc::Slot slot, const DeathReport& death);
  void tell_of_end(const DeathReport& death, DriverLog& log);
  void recycle_dead_slots();
  void end_those_that_never_start();

  void admit(JoinRequest request, Job::Socket socket);
  NodeStatus status() const;
  NodeResources resources() const;
  Attachment part_of(rpc::Slot slot, const Role& asked) const;
  void driver_says(Job& job, char word);
  void driver_is_silent(Job& job);
  void end_job(Job& job);
  void end_tasks_of_driver(const Job& job);
  void end_processes_of(Job& job);
  void let_driver_go(Job& job);
  void settle_jobs();
  void look_for_strays_again();
  void finish_job(const std::shared_ptr<Job>& job);
  bool has_workers(scheduler::JobNumber job) const;
  bool is_driver(rpc::Slot slot) const;
  Job& job_of(rpc::Slot slot) const { return *jobs_.at(peers_.job(slot)); }
  void warn(const std::string& what);  // all users

  void watch_bell();
  void watch_driver(const std::shared_ptr<Job>& job);
  void watch_socket(const std::shared_ptr<Job>& job);
  void watch_process(const std::shared_ptr<Job>& job);
  void watch_signals();
  void arm_timers();
  void look_ahead();
  void count_what_is_beside();
  void look_at_memory();
  MemoryMonitor::Session memory_of_processes();
  bool is_idle(rpc::Slot worker) const;
  MemoryCensus::Session census_of_processes();
  SpillSession spilling_of_processes();
  bool accounts_are_right();
  bool has_room(std::uint64_t size);

  const Role& role_;
  SessionDirectory directory_;
  asio::io_context& io_;
  SharedMemory memory_;
  rpc::Control control_;
  objectstore::Arena arena_;
  Peers peers_;
  Lanes lanes_;
  LongCalls long_calls_;
  std::map<scheduler::JobNumber, std::shared_ptr<Job>> jobs_;
  scheduler::JobNumber last_job_ = 0;
  WorkerProcesses workers_;
  Leasing leasing_;
  Actors actors_;
  Objects objects_;
  Spilling spilling_;
  Waits waits_;
  StoreRoom store_room_;
  MemoryCensus census_;
  MemoryAhead ahead_;
  MemoryKills memory_kills_;
  MemoryMonitor memory_monitor_;
  std::map<rpc::Slot, std::string> ended_for_memory_;  // why
  // When they began: one that never says hello (a static constructor that hangs) counts as failed.
  std::unordered_map<rpc::Slot, scheduler::Time> starting_;
  std::vector<rpc::Slot> dead_;  // slots whose lanes are not closed by all others yet
  asio::posix::stream_descriptor bell_;
  asio::signal_set child_signal_;
  asio::signal_set end_signal_;
  asio::steady_timer surplus_timer_;
  asio::steady_timer retry_timer_;
  asio::steady_timer full_ring_timer_;
  bool told_of_huge_pages_ = false;
  int told_ends_ = 0;
  asio::steady_timer ahead_timer_;
  asio::steady_timer room_timer_;
  asio::steady_timer census_timer_;
  asio::steady_timer spilling_timer_;
  asio::steady_timer memory_timer_;
  asio::steady_timer strays_timer_;
  Console console_;
  std::optional<Joining> joining_;  // of a node that belongs to no driver
  bool ending_ = false;
  bool full_ring_armed_ = false;
  bool surplus_armed_ = false;
  bool retry_armed_ = false;
  bool room_armed_ = false;
  bool census_armed_ = false;
  bool spilling_armed_ = false;
  bool spilling_urgent_ = false;
};

}  // namespace manta::detail::node
