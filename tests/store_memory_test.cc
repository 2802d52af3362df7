// Where the bytes are: read-only views, arrays that exist once, creation in place, a full store.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "../base/file_tree_fixture.h"
#include "../objectstore/arena/parallel_copy.h"
#include "cluster_fixture.h"
#include "sanitized.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;

// The permissions of the mapping around an address, "r--s".
std::string permissions_at(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char permissions[8] = {};
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %7s", &begin, &end, permissions) !=
        3) {
      continue;
    }
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    if (begin <= at && at < end) return permissions;
  }
  return "unmapped";
}

// KiB of private dirty memory outside of shared memory files.
std::size_t private_dirty_kib() {
  std::ifstream smaps("/proc/self/smaps");
  std::size_t sum = 0;
  bool shared_file = false;
  for (std::string line; std::getline(smaps, line);) {
    std::size_t kib = 0;
    if (line.find("memfd:") != std::string::npos) {
      shared_file = true;
    } else if (std::isxdigit(static_cast<unsigned char>(line[0])) != 0 &&
               line.find('-') < line.find(' ')) {
      shared_file = false;
    } else if (!shared_file && std::sscanf(line.c_str(), "Private_Dirty: %zu kB", &kib) == 1) {
      sum += kib;
    }
  }
  return sum;
}

template <class T>
std::string permissions_of(const Array<T>& array) {
  return permissions_at(array.data());
}

TEST_F(ClusterTest, EveryArrayThatIsGotIsReadOnly) {
  open();
  for (const std::size_t n : {1u, 10u, 100u, 1'000u, 20'000u, 300'000u, 3'000'000u}) {
    EXPECT_EQ(permissions_of(get(put(arange<int>(n)))).substr(0, 2), "r-") << n;
    EXPECT_EQ(
        permissions_of(get(remote([](std::size_t k) { return arange<int>(k); })(n))).substr(0, 2),
        "r-")
        << n;
    EXPECT_EQ(get(remote(permissions_of<int>)(arange<int>(n))).substr(0, 2), "r-") << n;
    EXPECT_EQ(get(remote(permissions_of<int>)(put(arange<int>(n)))).substr(0, 2), "r-") << n;
    EXPECT_EQ(permissions_of(get(put(std::vector{Array<int>(arange<int>(n))}))[0]).substr(0, 2),
              "r-")
        << n;
  }
  EXPECT_EQ(permissions_at(arange<int>(1'000'000).data()).substr(0, 2), "rw");
}

TEST_F(ClusterTest, SealedArraysHaveNoWritableView) {
  open();
  auto array = arange<int>(1'000'000);
  const int* writable = array.data();
  EXPECT_EQ(permissions_at(writable).substr(0, 2), "rw");
  auto ref = put(std::move(array));
  EXPECT_NE(permissions_at(writable).substr(0, 2), "rw");
}

TEST_F(ClusterTest, PutOfAMutableArrayCopiesNothing) {
  open();
  for (const std::size_t n : {std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{50} << 20}) {
    const auto before = store_bytes_used();
    auto array = zeros<char>(n);
    array[n / 2] = 7;
    const auto with_one = store_bytes_used();
    EXPECT_GE(with_one, before + n);
    auto ref = put(std::move(array));
    EXPECT_EQ(store_bytes_used(), with_one);
    const auto first = get(ref), second = get(ref);
    EXPECT_EQ(first.data(), second.data());
    EXPECT_EQ(first[n / 2], 7);
    EXPECT_EQ(store_bytes_used(), with_one);
  }
}

// What the process that runs the function copies, and what its worker does.
std::uint64_t copies_of(const std::function<void()>& function) {
  const std::uint64_t before = objectstore::copied_bytes();
  function();
  return objectstore::copied_bytes() - before;
}
std::uint64_t copied_by_worker() { return objectstore::copied_bytes(); }

Array<double> made_by(const std::string& maker, std::size_t n, const std::string& file) {
  if (maker == "zeros") return zeros<double>(n);
  if (maker == "arange") return arange<double>(n);
  if (maker == "full") return full<double>(n, 3.0);
  if (maker == "load_npy") return load_npy<double>(file);
  auto filled = uninitialized<double>(n);
  for (double& x : filled) x = 1;
  return std::move(filled).freeze();
}

// From 64 KiB on, whoever makes them.
TEST_F(ClusterTest, ArraysAreBuiltInTheStoreAndNeverCopied) {
  open({.cpus = 1});
  const base::FileTree tree;
  const std::string file = (tree.root() / "numbers.npy").string();
  const auto read = [](const Array<double>& array) { return array[array.size() - 1]; };
  for (const std::size_t bytes :
       {std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{9} << 20}) {
    const std::size_t n = bytes / sizeof(double);
    save_npy(file, arange<double>(n).freeze());
    for (const char* maker : {"zeros", "arange", "full", "load_npy", "freeze"}) {
      const auto worker_before = get(remote(copied_by_worker)());
      EXPECT_EQ(copies_of([&] {
                  const Array<double> here = made_by(maker, n, file);
                  const double last = here[n - 1];
                  EXPECT_EQ(get(put(here)).data(), here.data());
                  EXPECT_EQ(get(remote(read)(here)), last);
                  const auto there = remote(made_by)(maker, n, file);
                  EXPECT_EQ(get(remote(read)(there)), last);
                  EXPECT_EQ(get(there)[n - 1], last);
                  const auto inside = put(std::pair(here, get(there)));
                  EXPECT_EQ(get(remote([](const std::pair<Array<double>, Array<double>>& both) {
                              return both.second[0];
                            })(inside)),
                            here[0]);
                }),
                0u)
          << maker << " of " << bytes;
      EXPECT_EQ(get(remote(copied_by_worker)()), worker_before) << maker << " of " << bytes;
    }
    EXPECT_GE(copies_of([&] { put(std::vector<double>(n)); }), bytes) << "a vector is copied once";
  }
}

TEST_F(ClusterTest, ResultsAndArgumentsCopyNothing) {
  open();
  constexpr std::size_t kBytes = std::size_t{60} << 20;
  const auto before = store_bytes_used();
  auto made = remote([] {
    auto array = zeros<char>(kBytes);
    array[1] = 1;
    return array;
  })();
  wait({made});
  EXPECT_TRUE(eventually([&] { return store_bytes_used() < before + kBytes + (1 << 20); }));
  const auto used = get(remote([](const Array<char>& array) {
    return std::pair(cluster().nodes[0].store.used, int(array[1]));
  })(made));
  EXPECT_LT(used.first, before + kBytes + (1 << 20));
  EXPECT_EQ(used.second, 1);
  const auto array = get(made);
  EXPECT_EQ(get(remote([](const Array<char>& a) { return a[1]; })(array)), 1);
  EXPECT_LT(store_bytes_used(), before + kBytes + (1 << 20));
  const std::vector<double> copied(1 << 20, 1.0);
  auto vector = put(copied);
  const auto view = get(ObjectRef<Array<double>>(vector));
  EXPECT_LT(store_bytes_used(), before + kBytes + sizeof(double) * copied.size() + (2 << 20));
}

struct Reader {
  explicit Reader(ObjectRef<Array<double>> ref) : ref_(std::move(ref)) {}
  // KiB of private memory more, once every page of the array was read.
  std::size_t read_all() {
    const std::size_t before = private_dirty_kib();
    array_ = get(ref_);
    double sum = 0;
    for (const double x : array_) sum += x;
    if (sum != double(array_.size())) return SIZE_MAX;
    const std::size_t after = private_dirty_kib();
    return after > before ? after - before : 0;
  }
  ObjectRef<Array<double>> ref_;
  Array<double> array_;
};

TEST_F(ClusterTest, LargeArrayOfThreeProcessesExistsOnce) {
  // So large that the array is less than 80 % of it: else the node may spill what nobody reads yet.
  open({.object_store_bytes = std::uint64_t{448} << 20});
  constexpr std::size_t kCount = (std::size_t{256} << 20) / sizeof(double);
  const auto before = store_bytes_used();
  auto ref = put(full<double>(kCount, 1.0));
  EXPECT_LT(store_bytes_used(), before + (std::uint64_t{257} << 20));
  auto a = actor<Reader>(ref), b = actor<Reader>(ref);
  const auto in_a = get(a.call(&Reader::read_all)), in_b = get(b.call(&Reader::read_all));
  Reader here(ref);
  const auto in_driver = here.read_all();
  EXPECT_LT(store_bytes_used(), before + (std::uint64_t{257} << 20));
  constexpr std::uint64_t kMost = kSanitized ? UINT64_MAX : 1024;
  EXPECT_LT(in_a, kMost);
  EXPECT_LT(in_b, kMost);
  EXPECT_LT(in_driver, kMost);
}

TEST_F(ClusterTest, AMillionSmallObjectsTakeFewDescriptorsAndMappings) {
  constexpr int kObjects = 1'000'000;
  open({.cpus = 1, .object_store_bytes = std::uint64_t{512} << 20});
  std::vector<ObjectRef<Array<int>>> refs;
  refs.reserve(kObjects);
  for (int i = 0; i < kObjects; ++i) refs.push_back(put(full<int>(16, i)));
  const auto entries = [](const fs::path& directory) {
    return std::distance(fs::directory_iterator(directory), fs::directory_iterator());
  };
  const auto lines = [](const fs::path& file) {
    std::ifstream in(file);
    return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
  };
  for (const pid_t pid : {::getpid(), node_pid()}) {
    const fs::path process = fs::path("/proc") / std::to_string(pid);
    EXPECT_LT(entries(process / "fd"), 100);
    EXPECT_LT(lines(process / "maps"), 1000);
  }
  for (int i = 0; i < kObjects; i += 99'991) {
    EXPECT_EQ(get(refs[static_cast<std::size_t>(i)])[15], i);
  }
}

TEST_F(ClusterTest, FullStoreSaysWhoHoldsWhat) {
  open({.object_store_bytes = std::uint64_t{64} << 20,
        .put_timeout = std::chrono::seconds(0),
        .overflow = false});
  auto large = put(zeros<char>(std::size_t{40} << 20), {.name = "large one"});
  auto pinned = get(large);  // else it is spilled
  try {
    put(std::vector<char>(std::size_t{30} << 20));
    FAIL();
  } catch (const ObjectStoreFull& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("31457280"), std::string::npos) << text;
    EXPECT_NE(text.find(large.id().hex()), std::string::npos) << text;
  }
  EXPECT_THROW(zeros<char>(std::size_t{30} << 20), ObjectStoreFull);
  EXPECT_THROW(zeros<char>(std::size_t{300} << 20), ObjectStoreFull);
  EXPECT_THROW(put(std::string(std::size_t{30} << 20, 'x')), ObjectStoreFull);
  EXPECT_THROW(remote([](const std::string& s) { return s.size(); })(
                   std::string(std::size_t{30} << 20, 'x')),
               ObjectStoreFull);
  EXPECT_THROW(get(remote([] { return zeros<char>(std::size_t{30} << 20); })()), ObjectStoreFull);
  EXPECT_THROW(
      get(remote([] { return std::vector<std::string>(300'000, std::string(100, 'x')); })()),
      ObjectStoreFull);
  EXPECT_EQ(get(put(1)), 1);
  EXPECT_EQ(get(large).size(), std::size_t{40} << 20);  // nothing was lost
  large = {};
  pinned = {};
  EXPECT_TRUE(eventually([&] { return store_bytes_used() < (std::uint64_t{20} << 20); }));
  EXPECT_EQ(get(put(zeros<char>(std::size_t{30} << 20))).size(), std::size_t{30} << 20);
}

TEST_F(ClusterTest, ObjectsOfManySizesComeBackAsTheyWere) {
  open();
  for (std::size_t n = 1; n < 5'000'000; n = n * 3 + 1) {
    std::vector<unsigned> numbers(n);
    for (std::size_t i = 0; i < n; ++i) numbers[i] = unsigned(i * 2654435761u);
    auto ref = put(numbers);
    ASSERT_EQ(get(ref), numbers) << n;
    const auto back = get(remote([](const std::vector<unsigned>& v) { return v; })(ref));
    ASSERT_EQ(back, numbers) << n;
    const std::string text(n, 'x');
    ASSERT_EQ(get(remote([](const std::string& s) { return s; })(text)), text) << n;
  }
}

}  // namespace
}  // namespace manta::testing
