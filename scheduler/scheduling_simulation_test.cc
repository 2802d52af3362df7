// A seeded simulation of scheduling: several drivers with tasks of several shapes, some of which wait for children of
// their own, on several nodes, each with its tables; drivers and nodes die, workers fail to start.
//
//   owner --want()--> LeaseTable of each node that placement allows --grantable(), WorkerPool--> lease --> runs a task
//                                                                                       --recalls()--> given back
//
// Each driver is a job, with the workers of its tasks.
// Checked at every step: what is free and what the leases hold is what the node has; no worker is two leases', nor two
// jobs'.
// Checked at the end: each task of a living driver has run, once unless its node died; nothing is held by anybody.
// A failing seed is printed; MANTA_SIMULATION_SEED=n runs that one alone, MANTA_SIMULATION_SEEDS=n so many.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../base/simulation_seeds.h"
#include "lease_table.h"
#include "placement.h"
#include "worker_pool.h"

namespace manta::scheduler {
namespace {

constexpr std::uint64_t kSeeds = 1'000;
constexpr int kMostSteps = 20'000;        // of one seed; it takes some hundred
constexpr std::uint64_t kMostWanted = 4;  // leases at a time, of one owner, shape and node

struct Shape {
  ResourceSet request = {};
  Placement placement = {};
};

enum class TaskState { kQueued, kRunning, kWaiting, kDone, kRefused, kLost };

struct Task {
  std::size_t owner = 0;
  std::size_t shape = 0;
  int steps = 1;     // it runs for
  int children = 0;  // it makes and waits for
  int pending = 0;   // of these
  Task* parent = nullptr;
  TaskState state = TaskState::kQueued;
};

struct HeldLease {
  std::size_t owner = 0;
  std::size_t shape = 0;
  WorkerId worker = 0;
  Task* task = nullptr;
};

struct Owner {  // a driver, or the worker of a task with children
  bool alive = true;
  bool driver = false;
  JobNumber job = 0;
  std::map<std::size_t, std::vector<Task*>> queues = {};  // by shape
};

struct Node {
  Node(NodeTraits of, const ResourceSet& total, const WorkerPoolOptions& options)
      : traits(std::move(of)), table(total), pool(options) {}

  NodeTraits traits;
  LeaseTable table;
  WorkerPool pool;
  std::map<LeaseId, HeldLease> leases = {};
  std::set<WorkerId> starting = {};
  std::map<WorkerId, JobNumber> jobs = {};  // of all workers that ever were
  std::map<OwnerKey, std::uint64_t> recalled = {};
  bool alive = true;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed) {
    make_nodes();
    make_shapes();
    make_drivers();
  }

  void run() {
    for (int step = 0; !over(); ++step) {
      ASSERT_LT(step, kMostSteps) << "no end: " << left();
      now_ += std::chrono::milliseconds(below(4));
      if (below(200) == 0) kill_driver();
      if (below(300) == 0) kill_node();
      for (auto& node : nodes_) {
        if (node->alive) work_on(*node);
      }
    }
    check_end();
  }

 private:
  // ---- the cast

  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  void make_nodes() {
    const std::size_t count = 1 + below(3);
    for (std::size_t i = 0; i < count; ++i) {
      ResourceSet total = ResourceSet::cpus(static_cast<double>(1 + below(3)));
      total.set("seat", static_cast<double>(1 + below(2)));
      if (below(2) == 0) total.set(kGpu, static_cast<double>(1 + below(2)));
      total.set(kTaskSlot, 2);
      WorkerPoolOptions options;
      options.cap = 4 + below(3);
      options.idle_for = std::chrono::milliseconds(20);
      NodeTraits traits;
      traits.labels = {{"zone", i % 2 == 0 ? "a" : "b"}};
      nodes_.push_back(std::make_unique<Node>(std::move(traits), total, options));
    }
  }

  // The first ones are for children: each node can run them, and all that they need is lent by whoever waits.
  void make_shapes() {
    shapes_.push_back({.request = ResourceSet::cpus(1)});
    shapes_.push_back({.request = ResourceSet::cpus(0.5)});
    ResourceSet seat = ResourceSet::cpus(1);
    seat.set("seat", 1);
    shapes_.push_back({.request = seat});
    ResourceSet slot;
    slot.set(kTaskSlot, 1);
    shapes_.push_back({.request = slot});
    ResourceSet gpu = ResourceSet::cpus(0.5);
    gpu.set(kGpu, below(2) == 0 ? 1 : 0.5);
    shapes_.push_back({.request = gpu});
    shapes_.push_back({.request = ResourceSet::cpus(static_cast<double>(2 + below(2)))});
    shapes_.push_back(
        {.request = ResourceSet::cpus(1), .placement = {.selector = {{"zone", "!a"}}}});
  }

  void make_drivers() {
    const std::size_t count = 2 + below(3);
    for (std::size_t i = 0; i < count; ++i) {
      owners_.push_back({.driver = true, .job = static_cast<JobNumber>(i)});
      const std::size_t tasks = 1 + below(20);
      for (std::size_t k = 0; k < tasks; ++k) {
        submit(i, below(shapes_.size()), below(3) == 0 ? static_cast<int>(1 + below(3)) : 0,
               nullptr);
      }
    }
  }

  void submit(std::size_t owner, std::size_t shape, int children, Task* parent) {
    tasks_.push_back(std::make_unique<Task>(Task{.owner = owner,
                                                 .shape = shape,
                                                 .steps = static_cast<int>(1 + below(5)),
                                                 .children = children,
                                                 .parent = parent}));
    owners_[owner].queues[shape].push_back(tasks_.back().get());
    wish(owner, shape);
  }

  // ---- what an owner does

  static OwnerKey key_of(std::size_t owner, std::size_t shape) {
    return {.owner = owner + 1, .key = static_cast<SchedulingKey>(shape + 1)};
  }

  // Spreads its wish over the nodes that will do; what none will ever run is refused.
  void wish(std::size_t owner, std::size_t shape) {
    std::vector<NodeTraits> traits;
    std::vector<Node*> there;
    for (const auto& node : nodes_) {
      if (!node->alive || !node->table.total().fits(shapes_[shape].request)) continue;
      traits.push_back(node->traits);
      there.push_back(node.get());
    }
    auto& queue = owners_[owner].queues[shape];
    const auto fit = candidates(shapes_[shape].placement, traits).nodes;
    if (fit.empty()) {
      for (Task* task : std::exchange(queue, {})) finish(*task, TaskState::kRefused);
      return;
    }
    for (std::size_t i = 0; i < fit.size(); ++i) {
      const std::size_t place = (i + owner) % fit.size();
      const std::uint64_t share =
          queue.size() / fit.size() + (place < queue.size() % fit.size() ? 1 : 0);
      const auto refusal =
          there[fit[i]]->table.want(key_of(owner, shape), std::min(share, kMostWanted),
                                    {shapes_[shape].request, {}, owners_[owner].job});
      ASSERT_FALSE(refusal.has_value()) << *refusal;
    }
  }

  void finish(Task& task, TaskState end) {
    ASSERT_TRUE(task.state != TaskState::kDone && task.state != TaskState::kRefused)
        << "it ended twice";
    task.state = end;
    if (task.parent != nullptr) --task.parent->pending;
  }

  // ---- what a node does

  void work_on(Node& node) {
    start_workers(node);
    grant(node);
    std::vector<LeaseId> ids;
    for (const auto& [id, lease] : node.leases) ids.push_back(id);
    for (const LeaseId id : ids) {
      if (node.leases.contains(id)) advance(node, id);
    }
    for (const OwnerKey& who : node.table.recalls(LeaseTable::Shortage::kResources)) {
      ++node.recalled[who];
    }
    for (const WorkerId worker : node.pool.surplus(now_)) node.pool.gone(worker, now_);
    check(node);
  }

  WorkerKind kind_of(const LeaseTable::Grantable& turn) const {
    return {.gpus = turn.gpus, .job = owners_[turn.who.owner - 1].job};
  }

  std::vector<WorkerKind> demand_of(const Node& node) const {
    std::vector<WorkerKind> demand;
    for (const auto& turn : node.table.grantable(8)) demand.push_back(kind_of(turn));
    return demand;
  }

  void start_workers(Node& node) {
    while (!node.starting.empty() && below(2) == 0) {
      const WorkerId worker = *node.starting.begin();
      node.starting.erase(node.starting.begin());
      if (below(10) == 0) {
        node.pool.gone(worker, now_);
      } else {
        node.pool.ready(worker, now_);
      }
    }
    const auto demand = demand_of(node);
    for (const WorkerKind& kind : demand) {  // as if its owner, refused, asked again
      if (node.pool.hopeless(kind.started_as(), false)) node.pool.forgive(kind.started_as());
    }
    node.pool.relax(demand, now_, node.table.running() == 0);
    for (const WorkerKind& kind : node.pool.to_start(demand, now_)) {
      node.pool.started(++last_worker_, kind);
      node.starting.insert(last_worker_);
      node.jobs[last_worker_] = kind.job;
    }
  }

  void grant(Node& node) {
    for (const auto& turn : node.table.grantable(8)) {
      const auto worker = node.pool.take(kind_of(turn));
      if (!worker) continue;
      ASSERT_EQ(node.jobs.at(*worker), owners_[turn.who.owner - 1].job);
      for (const auto& [id, lease] : node.leases) {
        ASSERT_NE(lease.worker, *worker) << "it has a lease";
      }
      const LeaseId id = node.table.grant(turn);
      const std::size_t owner = turn.who.owner - 1;
      node.leases[id] = {.owner = owner, .shape = turn.who.key - 1U, .worker = *worker};
    }
  }

  // The next step of what runs on it; a lease for which there is no work, or that is recalled, is given back.
  void advance(Node& node, LeaseId id) {
    HeldLease& lease = node.leases.at(id);
    auto& queue = owners_[lease.owner].queues[lease.shape];
    if (lease.task == nullptr) {
      auto& recalled = node.recalled[key_of(lease.owner, lease.shape)];
      if (queue.empty() || recalled > 0) {
        recalled -= recalled > 0 ? 1 : 0;
        return give_back(node, id);
      }
      lease.task = queue.front();
      queue.erase(queue.begin());
      lease.task->state = TaskState::kRunning;
      return wish(lease.owner, lease.shape);
    }
    Task& task = *lease.task;
    if (task.state == TaskState::kWaiting) {
      if (task.pending > 0) return;
      node.table.unblocked(id);
      task.state = TaskState::kRunning;
    }
    if (task.children > 0) return make_children(node, id, task);
    if (--task.steps > 0) return;
    finish(task, TaskState::kDone);
    lease.task = nullptr;
  }

  void make_children(Node& node, LeaseId id, Task& task) {
    owners_.push_back({.job = owners_[task.owner].job});
    task.pending = task.children;
    for (int i = std::exchange(task.children, 0); i > 0; --i) {
      submit(owners_.size() - 1, below(2), 0, &task);
    }
    task.state = TaskState::kWaiting;
    node.table.blocked(id);
  }

  void give_back(Node& node, LeaseId id) {
    const auto lease = node.leases.extract(id).mapped();
    node.table.end(id);
    node.pool.give_back(lease.worker, now_);
    wish(lease.owner, lease.shape);
  }

  // ---- deaths

  void kill_driver() {
    const std::size_t owner = below(owners_.size());
    if (owners_[owner].driver) kill_owner(owner);
  }

  // With it go its tasks, those that run also, and what they have submitted.
  void kill_owner(std::size_t owner) {
    if (!owners_[owner].alive) return;
    owners_[owner].alive = false;
    for (auto& [shape, queue] : owners_[owner].queues) {
      for (Task* task : std::exchange(queue, {})) task->state = TaskState::kLost;
    }
    for (const auto& node : nodes_) {
      if (!node->alive) continue;
      node->table.forget(owner + 1);
      end_leases(*node, [&](const HeldLease& lease) { return lease.owner == owner; });
    }
  }

  template <class Matches>
  void end_leases(Node& node, Matches matches) {
    std::vector<HeldLease> ended;
    std::erase_if(node.leases, [&](const auto& entry) {
      if (!matches(entry.second)) return false;
      ended.push_back(entry.second);
      node.table.end(entry.first);
      node.pool.gone(entry.second.worker, now_);
      return true;
    });
    for (const HeldLease& lease : ended) {
      if (lease.task != nullptr) lost(*lease.task);
    }
  }

  void lost(Task& task) {
    task.state = TaskState::kLost;
    for (const auto& other : tasks_) {
      if (other->parent == &task && owners_[other->owner].alive) kill_owner(other->owner);
    }
  }

  // The last one stays. What ran there runs again elsewhere.
  void kill_node() {
    Node& node = *nodes_[below(nodes_.size())];
    const auto living = [](const auto& one) { return one->alive; };
    if (!node.alive || std::count_if(nodes_.begin(), nodes_.end(), living) == 1) return;
    node.alive = false;
    const auto leases = std::exchange(node.leases, {});
    for (const auto& [id, lease] : leases) {
      if (lease.task == nullptr) continue;
      lost(*lease.task);
      if (!owners_[lease.owner].alive) continue;
      lease.task->state = TaskState::kQueued;
      lease.task->pending = 0;
      owners_[lease.owner].queues[lease.shape].push_back(lease.task);
    }
    for (std::size_t owner = 0; owner < owners_.size(); ++owner) {
      if (!owners_[owner].alive) continue;
      for (const auto& [shape, queue] : owners_[owner].queues) wish(owner, shape);
    }
  }

  // ---- what must hold

  void check(const Node& node) const {
    ResourceSet sum = node.table.free();
    for (const auto& [id, lease] : node.leases) sum.add(node.table.taken(id));
    ASSERT_EQ(sum, node.table.total()) << sum.text();
    ASSERT_EQ(node.table.leases(), node.leases.size());
    ASSERT_EQ(node.pool.working(), node.leases.size());
  }

  bool over() const {
    const auto ended = [](const Task& task) { return task.state >= TaskState::kDone; };
    const bool all =
        std::all_of(tasks_.begin(), tasks_.end(), [&](const auto& task) { return ended(*task); });
    return all && std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) {
             return !node->alive || node->leases.empty();
           });
  }

  std::string left() const {
    std::string text;
    for (const auto& task : tasks_) {
      if (task->state >= TaskState::kDone) continue;
      text += "\n  task of owner " + std::to_string(task->owner + 1) + ", " +
              shapes_[task->shape].request.text() +
              (task->state == TaskState::kQueued    ? ": queued"
               : task->state == TaskState::kWaiting ? ": waits for children"
                                                    : ": runs");
    }
    for (const auto& node : nodes_) {
      if (!node->alive) continue;
      text += "\n  node: " + node->table.free().text() + " free of " + node->table.total().text();
    }
    return text;
  }

  void check_end() const {
    for (const auto& task : tasks_) {
      if (owners_[task->owner].alive) {
        ASSERT_NE(task->state, TaskState::kLost) << "a task of a living owner was lost";
      }
    }
    for (const auto& node : nodes_) {
      if (!node->alive) continue;
      ASSERT_EQ(node->table.free(), node->table.total());
      ASSERT_EQ(node->table.waiting(), 0U);
      for (std::size_t owner = 0; owner < owners_.size(); ++owner) {
        ASSERT_FALSE(node->table.has_business(owner + 1)) << "owner " << owner + 1;
      }
    }
  }

  std::mt19937_64 random_;
  Time now_{};
  WorkerId last_worker_ = 0;
  std::vector<Shape> shapes_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Owner> owners_;
  std::vector<std::unique_ptr<Task>> tasks_;
};

TEST(Scheduling, SeveralDriversOnSeveralNodesAllComeToAnEnd) {
  const base::SimulationSeeds seeds(kSeeds);
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    Simulation(seed).run();
    ASSERT_FALSE(HasFatalFailure()) << "MANTA_SIMULATION_SEED=" << seed;
  }
}

}  // namespace
}  // namespace manta::scheduler
