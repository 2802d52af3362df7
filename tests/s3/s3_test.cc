// Spilling to S3, beside a server that verifies signatures (tests/s3/run), also through a proxy that cuts connections.
#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../../objectstore/spill/s3_place.h"
#include "../cluster_fixture.h"
#include "../error_of.h"
#include "faulty_proxy.h"

namespace manta::testing {
namespace {

using objectstore::S3Location;
using objectstore::S3Place;
using objectstore::SpilledAt;
using objectstore::SpillLost;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Time = S3Place::Time;
namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

// The files that the server has.
std::size_t files_there() {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(variable("MANTA_TEST_BUCKET_FILES"))) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  return count;
}

std::uint16_t server_port() {
  const std::string url = variable("AWS_ENDPOINT_URL");
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

S3Location location() { return objectstore::s3_location("s3://spilled/a prefix/+with=signs"); }
S3Location location_behind(const FaultyProxy& proxy) {
  S3Location behind = location();
  behind.base = proxy.url() + "/spilled/";
  return behind;
}

std::vector<std::byte> random_bytes(std::size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(random());
  return bytes;
}

struct Objects {
  explicit Objects(const std::vector<std::size_t>& sizes) {
    for (const std::size_t size : sizes) {
      bytes.push_back(random_bytes(size, static_cast<unsigned>(bytes.size())));
    }
    for (const auto& object : bytes) spans.emplace_back(object);
  }
  std::vector<std::vector<std::byte>> bytes;
  std::vector<S3Place::Bytes> spans;
};

std::vector<std::byte> read(S3Place& place, const SpilledAt& at) {
  std::vector<std::byte> bytes(at.size);
  place.read(at, bytes);
  return bytes;
}

const std::vector<std::size_t> kSizes{kMiB,           9 * kMiB + 1, 1,       60 * kMiB,
                                      150 * kMiB + 7, 64 * kMiB,    2 * kMiB};

TEST(S3, KeepsObjectsOfAllSizesAndDeletesThem) {
  const Objects objects(kSizes);
  {
    S3Place place(location(), "a place");
    auto places = place.write(objects.spans, Time());
    ASSERT_EQ(places.size(), kSizes.size());
    EXPECT_EQ(files_there(), 7U) << "3 small ones, 60, 3 of the large one, 64, 2";
    for (std::size_t i = 0; i < places.size(); ++i) {
      EXPECT_EQ(read(place, places[i]), objects.bytes[i]) << i;
    }
    place.erase(places[0]);
    place.erase(places[1]);
    EXPECT_EQ(files_there(), 7U);
    EXPECT_EQ(read(place, places[2]), objects.bytes[2]);
    place.erase(places[2]);
    EXPECT_TRUE(eventually([] { return files_there() == 6; }));
    place.erase(places[4]);
    EXPECT_TRUE(eventually([] { return files_there() == 3; }));
    EXPECT_THROW(read(place, places[4]), SpillLost);
  }
  EXPECT_EQ(files_there(), 0U);
}

TEST(S3, ConnectionsThatAreCutAndBusyServersAreTriedAgain) {
  const Objects objects({10 * kMiB, 64 * kMiB, 20 * kMiB});
  const FaultyProxy proxy(server_port(), [](int connection) {
    // Never three in a row, so that no transfer fails each time.
    return connection % 12 == 1   ? FaultyProxy::Fault::kCut
           : connection % 12 == 2 ? FaultyProxy::Fault::kBusy
                                  : FaultyProxy::Fault::kNone;
  });
  {
    S3Place place(location_behind(proxy), "a place");
    const auto places = place.write(objects.spans, Time());
    for (int again = 0; again < 3; ++again) {
      for (std::size_t i = 0; i < places.size(); ++i) {
        EXPECT_EQ(read(place, places[i]), objects.bytes[i]) << i;
      }
    }
  }
  EXPECT_GT(proxy.connections(), 12);
  EXPECT_EQ(files_there(), 0U);
}

TEST(S3, ARefusedSignatureIsSaidAndThePlaceLeftOut) {
  S3Location wrong = location();
  wrong.secret = "another";
  S3Place place(wrong, "a place");
  const Objects objects({kMiB});
  const std::string error =
      error_of<OutOfDisk>([&] { place.write(objects.spans, Time(std::chrono::seconds(5))); });
  EXPECT_THAT(error, AllOf(HasSubstr("127.0.0.1"), HasSubstr("403"),
                           HasSubstr("SignatureDoesNotMatch"), HasSubstr("tried again in 1 s"),
                           Not(HasSubstr("another")), Not(HasSubstr("secret"))));
  EXPECT_THAT(
      error_of<OutOfDisk>([&] { place.write(objects.spans, Time(std::chrono::seconds(5))); }),
      HasSubstr("tried again in 1 s"))
      << "the server is not asked";
}

TEST(S3, ABucketThatIsNotThereIsSaid) {
  S3Place place(objectstore::s3_location("s3://no-such-bucket"), "a place");
  EXPECT_THAT(error_of<OutOfDisk>([&] { place.write(Objects({kMiB}).spans, Time()); }),
              AllOf(HasSubstr("404"), HasSubstr("NoSuchBucket")));
}

TEST(S3, NobodyListensIsSaid) {
  S3Location nobody = location();
  nobody.base = "http://127.0.0.1:1/spilled/";
  S3Place place(nobody, "a place");
  EXPECT_THAT(error_of<OutOfDisk>([&] { place.write(Objects({kMiB}).spans, Time()); }),
              AllOf(HasSubstr("connect"), HasSubstr("tried 3 times")));
}

TEST(S3, DamagedAndMissingObjectsAreLost) {
  const Objects objects({20 * kMiB, 60 * kMiB});
  S3Place place(location(), "a place");
  const auto places = place.write(objects.spans, Time());
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(variable("MANTA_TEST_BUCKET_FILES"))) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  ASSERT_EQ(files.size(), 2U);
  std::ranges::sort(files);  // by number
  {
    const base::Fd file(::open(files[0].c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(file.get(), "damage", 6, 9 << 20), 6);
  }
  fs::remove(files[1]);
  EXPECT_THAT(error_of<SpillLost>([&] { read(place, places[0]); }), HasSubstr("damaged"));
  EXPECT_THAT(error_of<SpillLost>([&] { read(place, places[1]); }), HasSubstr("404"));
}

TEST(S3, WhatWasDamagedOnItsWayIsReadAgain) {
  const Objects objects({20 * kMiB});
  const FaultyProxy proxy(server_port(), [](int connection) {  // the first writes, and may read
    return connection == 1 ? FaultyProxy::Fault::kDamage : FaultyProxy::Fault::kNone;
  });
  S3Place place(location_behind(proxy), "a place");
  const auto places = place.write(objects.spans, Time());
  EXPECT_EQ(read(place, places[0]), objects.bytes[0]);
}

TEST(S3, WhatCannotBeDeletedIsTriedAgain) {
  const Objects objects({1000});
  const FaultyProxy proxy(server_port(), [](int connection) {
    return connection == 0  ? FaultyProxy::Fault::kOneRequest
           : connection < 5 ? FaultyProxy::Fault::kBusy
                            : FaultyProxy::Fault::kNone;
  });
  S3Place place(location_behind(proxy), "a place");
  const auto places = place.write(objects.spans, Time());
  ASSERT_EQ(files_there(), 1U);
  place.erase(places[0]);
  EXPECT_TRUE(eventually([] { return files_there() == 0; }));
  EXPECT_GT(proxy.connections(), 5);
}

// The server has the object, and nobody was told.
TEST(S3, TheEndStopsWhatIsBeingWrittenAndDeletesIt) {
  const Objects objects({1000});
  const FaultyProxy proxy(server_port(), [](int connection) {
    return connection == 0 ? FaultyProxy::Fault::kNoAnswer : FaultyProxy::Fault::kNone;
  });
  S3Place place(location_behind(proxy), "a place");
  std::string error;
  std::thread writer(
      [&] { error = error_of<OutOfDisk>([&] { place.write(objects.spans, Time()); }); });
  EXPECT_TRUE(eventually([] { return files_there() == 1; }));
  EXPECT_EQ(place.end(std::chrono::seconds(10)), "");
  writer.join();
  EXPECT_THAT(error, HasSubstr("the session ends"));
  EXPECT_EQ(files_there(), 0U);
}

TEST(S3, TheEndSaysWhatStays) {
  const Objects objects({1000});
  const FaultyProxy proxy(server_port(), [](int connection) {
    return connection == 0 ? FaultyProxy::Fault::kOneRequest : FaultyProxy::Fault::kBusy;
  });
  {
    S3Place place(location_behind(proxy), "a place");
    (void)place.write(objects.spans, Time());
    EXPECT_THAT(place.end(std::chrono::seconds(10)),
                AllOf(HasSubstr("1 object may be left below http://127.0.0.1"), HasSubstr("503")));
  }
  ASSERT_EQ(files_there(), 1U);
  for (const auto& entry : fs::recursive_directory_iterator(variable("MANTA_TEST_BUCKET_FILES"))) {
    if (entry.is_regular_file()) fs::remove(entry.path());
  }
}

class S3Session : public ClusterTest {};

// Never three faults in a row, so that no transfer fails each time.
TEST_F(S3Session, SpillsAndReadsBackWithFaultsInBetween) {
  std::optional<FaultyProxy> proxy;
  proxy.emplace(server_port(), [](int connection) {
    return connection % 6 == 1   ? FaultyProxy::Fault::kCut
           : connection % 6 == 2 ? FaultyProxy::Fault::kBusy
                                 : FaultyProxy::Fault::kNone;
  });
  const std::string server = variable("AWS_ENDPOINT_URL");
  ::setenv("AWS_ENDPOINT_URL", proxy->url().c_str(), 1);
  open({.cpus = 2,
        .object_store_bytes = 64 * kMiB,
        .spill_dirs = {"s3://spilled/faults"},
        .overflow = false});
  ::setenv("AWS_ENDPOINT_URL", server.c_str(), 1);
  std::vector<ObjectRef<Array<int>>> refs;
  const auto numbers = [](int n) { return full<int>(20 * kMiB / sizeof(int), n); };
  const auto are_all = [](const Array<int>& array, int n) {
    return std::ranges::all_of(array, [n](int value) { return value == n; });
  };
  for (int i = 0; i < 10; ++i) refs.push_back(put(numbers(i)));
  EXPECT_GT(files_there(), 0U);
  for (int i = 0; i < 10; ++i) {
    const auto& ref = refs[static_cast<std::size_t>(i)];
    EXPECT_TRUE(i % 2 == 0 ? are_all(get(ref), i) : get(remote(are_all)(ref, i))) << i;
  }
  EXPECT_GT(proxy->connections(), 6);
  EXPECT_GE(proxy->most_at_once(), 2) << "several parts at once";
  EXPECT_GE(proxy->ranges(), 10) << "objects are read in ranges";
  refs.clear();
  EXPECT_TRUE(eventually([] { return files_there() == 0; }));
  proxy.reset();  // its threads are not the session's
}

TEST_F(S3Session, SpillsAndReadsBack) {
  open({.cpus = 2,
        .object_store_bytes = 64 * kMiB,
        .spill_dirs = {"s3://spilled/session"},
        .overflow = false});
  std::vector<ObjectRef<Array<double>>> refs;
  for (int i = 0; i < 20; ++i) refs.push_back(put(full<double>(10 * kMiB / sizeof(double), i)));
  EXPECT_GT(files_there(), 0U);
  for (int i = 0; i < 20; ++i) {
    const auto array = get(refs[static_cast<std::size_t>(i)]);
    EXPECT_TRUE(std::ranges::all_of(array, [i](double value) { return value == i; })) << i;
  }
  const auto sum = remote(
      [](const Array<double>& array) { return std::accumulate(array.begin(), array.end(), 0.0); });
  EXPECT_EQ(get(sum(refs[3])), 3.0 * 10 * kMiB / sizeof(double));
  refs.clear();
  close();
  EXPECT_TRUE(eventually([] { return files_there() == 0; }));
}

}  // namespace
}  // namespace manta::testing
