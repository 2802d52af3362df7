// The ways in which a type says how it travels.
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../register.h"
#include "../round_trip_test.h"

namespace {

class Connection {  // live state: neither copyable nor movable
 public:
  explicit Connection(std::string path) : path_(std::move(path)) {}
  Connection(const Connection&) = delete;
  auto manta_reduce() const { return std::tuple(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::mutex mutex_;
};

class Restored {
 public:
  auto manta_reduce() const { return std::tuple(x_, std::string("s")); }
  static Restored manta_restore(int x, const std::string& s) {
    Restored r;
    r.x_ = x + static_cast<int>(s.size());
    return r;
  }
  int x() const { return x_; }

 private:
  int x_ = 1;
};

struct Opaque {  // not serializable by itself
  explicit Opaque(int n) : value(n) {}
  std::mutex mutex;
  int value;
};
struct Wrapper {
  int value;
  int manta_reduce() const { return value; }
  static Opaque manta_restore(int v) { return Opaque(v); }
};

struct Foreign {
  explicit Foreign(int n) : value(n) {}
  int value;
};
struct Late {
  explicit Late(int n) : value(n) {}
  int value;
};
struct HoldsLate {
  std::string before;
  std::vector<Late> late;
};

struct Base {
  int a = 1;
  static constexpr auto manta_members() { return std::tuple(&Base::a); }
};
struct Inherits : Base {
  int lost = 2;
};
struct ReduceBase {
  int manta_reduce() const { return 1; }
};
struct InheritsReduce : ReduceBase {
  explicit InheritsReduce(int) {}
};

}  // namespace

template <>
struct manta::serializer<Foreign> {
  static std::string reduce(const Foreign& f) { return std::to_string(f.value); }
  static Foreign restore(const std::string& text) { return Foreign(std::stoi(text)); }
};
template <>
inline constexpr bool manta::dynamic_serializer<Late> = true;

namespace manta::serialization {
namespace {

TEST(Hooks, ReduceRebuildsWithTheConstructor) {
  EXPECT_EQ(round_trip<Connection>(Connection("/tmp/db")).path(), "/tmp/db");
  EXPECT_EQ(round_trip(std::make_shared<Connection>("p"))->path(), "p");
  EXPECT_EQ(type_text<Connection>(), "reduced Connection{tup<str8>}");
}

TEST(Hooks, RestoreIsUsedWhereThereIsOne) { EXPECT_EQ(round_trip(Restored()).x(), 2); }

TEST(Hooks, AWrapperComesBackAsWhatItWraps) {
  static_assert(std::is_same_v<restored_t<Wrapper>, Opaque>);
  static_assert(!is_serializable<std::vector<Wrapper>>);
  EXPECT_EQ((round_trip<Wrapper, Opaque>(Wrapper{7})).value, 7);
}

TEST(Hooks, SerializerFromOutside) {
  EXPECT_EQ(round_trip(std::vector<Foreign>{Foreign(12)})[0].value, 12);
}

TEST(Hooks, RegisteredSerializers) {
  const auto round = [] {
    HoldsLate value{"x", {}};
    value.late.emplace_back(5);
    return round_trip(value).late[0].value;
  };
  deregister_serializer<Late>();
  EXPECT_THROW(round(), SerializationError);
  for (int i = 0; i < 2; ++i) {
    register_serializer<Late>([](const Late& l) { return l.value; }, [](int n) { return Late(n); });
    EXPECT_EQ(round(), 5);
  }
  const auto bytes = encoded(std::vector<Late>{Late(3)});
  register_serializer<Late>([](const Late& l) { return std::to_string(l.value); },
                            [](const std::string& s) { return Late(std::stoi(s) + 1); });
  EXPECT_EQ(round(), 6);
  EXPECT_THROW(decode<std::vector<Late>>(bytes), SerializationError);  // the state was an int
  deregister_serializer<Late>();
  deregister_serializer<Late>();
  EXPECT_THROW(round(), SerializationError);
}

TEST(Hooks, ReducedForOneObject) {
  const Opaque opaque(20);
  const auto by_value = reduced(
      opaque, [](const Opaque& o) { return o.value; }, [](int n) { return Opaque(n); });
  const auto by_value_plus_one = reduced(
      opaque, [](const Opaque& o) { return o.value; }, [](int n) { return Opaque(n + 1); });
  static_assert(std::is_same_v<restored_t<std::remove_const_t<decltype(by_value)>>, Opaque>);
  EXPECT_EQ(decode<Opaque>(encoded(by_value)).value, 20);
  EXPECT_EQ(decode<Opaque>(encoded(by_value_plus_one)).value, 21);
  EXPECT_THROW(decode<int>(encoded(by_value)), SerializationError);
  EXPECT_THROW(decode<Opaque>(encoded(3)), SerializationError);
}

TEST(Hooks, InheritedHooksWouldLoseMembersAndAreRefused) {
  static_assert(is_serializable<Base>);
  static_assert(!is_serializable<Inherits>);
  static_assert(!is_serializable<InheritsReduce>);
}

struct TemporaryVector {
  std::size_t count = 0;
  explicit TemporaryVector(const std::vector<double>& values) : count(values.size()) {}
  std::vector<double> manta_reduce() const { return std::vector<double>(1000, 2.0); }
};

TEST(Hooks, BuffersOfATemporaryStateAreOwned) {
  Encoded out;
  encode(TemporaryVector({}), out);
  ASSERT_EQ(out.buffers.size(), 1u);
  ASSERT_NE(out.buffers[0].storage, nullptr);
  EXPECT_EQ(decode<TemporaryVector>(out).count, 1000u);
}

struct Throws {
  int value = 0;
  int manta_reduce() const { throw std::runtime_error("half-way"); }
  explicit Throws(int) {}
};

TEST(Hooks, ASerializerThatThrowsLeavesNothing) {
  Encoded out;
  EXPECT_THROW(encode(std::vector<Throws>(1, Throws(1)), out), std::runtime_error);
  EXPECT_TRUE(out.meta.empty());
  encode(1, out);
  EXPECT_EQ(decode<int>(out), 1);
}

}  // namespace
}  // namespace manta::serialization
