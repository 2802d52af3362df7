// Types that say how they travel, in a session: serializers registered at run time, reduced() for one object, wrappers.
#include <concepts>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"

namespace {

struct Late {  // registered by the tests, in the process where they say so
  explicit Late(int n) : value(n) {}
  int value;
};
struct Common {  // registered in every process
  explicit Common(int n) : value(n) {}
  int value;
  std::mutex mutex;
  Common(const Common& other) : value(other.value) {}
};
struct Unknown {  // never registered
  explicit Unknown(int n) : value(n) {}
  int value;
};

}  // namespace

template <>
inline constexpr bool manta::dynamic_serializer<Late> = true;
template <>
inline constexpr bool manta::dynamic_serializer<Common> = true;
template <>
inline constexpr bool manta::dynamic_serializer<Unknown> = true;

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const OnStart common{[] {
  register_serializer<Common>([](const Common& c) { return c.value; },
                              [](int n) { return Common(n); });
}};

void register_late() {
  register_serializer<Late>([](const Late& l) { return l.value; }, [](int n) { return Late(n); });
}
int value_of(const Late& late) { return late.value; }
int value_of_common(const Common& c) { return c.value; }

auto says_what_to_do() { return AllOf(HasSubstr("Late"), HasSubstr("register_serializer")); }

class Serializers : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    deregister_serializer<Late>();
  }
  void TearDown() override {
    deregister_serializer<Late>();
    ClusterTest::TearDown();
  }
};

// Item 12 of the acceptance list, in a session.
TEST_F(Serializers, FailRegisterSucceedDeregisterFail) {
  open();
  const auto round = [] { return get(put(std::vector<Late>(3, Late(5))))[2].value; };
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(error_of<SerializationError>(round), says_what_to_do());
    register_late();
    EXPECT_EQ(round(), 5);
    deregister_serializer<Late>();
  }
  EXPECT_THAT(error_of<SerializationError>(round), says_what_to_do());
}

TEST_F(Serializers, AnObjectWaitsForTheSerializerThatReadsIt) {
  open();
  register_late();
  const auto ref = put(Late(7));
  deregister_serializer<Late>();
  EXPECT_THAT(error_of<SerializationError>([&] { get(ref); }), says_what_to_do());
  register_late();
  EXPECT_EQ(get(ref).value, 7);
}

TEST_F(Serializers, RepeatingAndRemovingWhatIsNotThereChangesNothing) {
  open();
  deregister_serializer<Late>();
  deregister_serializer<Unknown>();
  EXPECT_THROW(put(Late(1)), SerializationError);
  for (int i = 0; i < 3; ++i) register_late();
  const auto ref = put(Late(1));
  register_late();
  EXPECT_EQ(get(ref).value, 1);
  deregister_serializer<Late>();  // once is enough
  EXPECT_THROW(put(Late(1)), SerializationError);
  EXPECT_THROW(put(Unknown(1)), SerializationError);
}

TEST_F(Serializers, AnotherOneReplacesItAtOnce) {
  open();
  register_late();
  const auto with_first = put(Late(10));
  register_serializer<Late>([](const Late& l) { return l.value + 1; },
                            [](int n) { return Late(n + 100); });
  EXPECT_EQ(get(with_first).value, 110);
  EXPECT_EQ(get(put(Late(10))).value, 111);
  register_serializer<Late>([](const Late& l) { return std::to_string(l.value); },
                            [](const std::string& s) { return Late(std::stoi(s)); });
  EXPECT_EQ(get(put(Late(10))).value, 10);
  EXPECT_THROW(get(with_first), SerializationError);  // its state is an int
}

struct Registrar {
  void register_here() { register_late(); }
  void deregister_here() { deregister_serializer<Late>(); }
  int read(const Late& late) { return late.value; }
  Late make(int n) { return Late(n); }
};

TEST_F(Serializers, AreLocalToAProcess) {
  open();
  register_late();
  const auto ref = put(Late(5));
  EXPECT_THAT(error_of<SerializationError>([&] { get(remote(value_of)(ref)); }), says_what_to_do());
  EXPECT_THAT(error_of<SerializationError>([&] { get(remote(value_of)(Late(5))); }),
              says_what_to_do());
  EXPECT_THAT(error_of<SerializationError>([&] { get(remote([](int n) { return Late(n); })(5)); }),
              says_what_to_do());
  EXPECT_EQ(get(ref).value, 5);
  const auto there = actor<Registrar>(), elsewhere = actor<Registrar>();
  EXPECT_THAT(error_of<SerializationError>([&] { get(there.call(&Registrar::read, ref)); }),
              says_what_to_do());
  get(there.call(&Registrar::register_here));
  EXPECT_EQ(get(there.call(&Registrar::read, ref)), 5);
  EXPECT_EQ(get(there.call(&Registrar::make, 6)).value, 6);
  EXPECT_THAT(error_of<SerializationError>([&] { get(elsewhere.call(&Registrar::read, ref)); }),
              says_what_to_do());
  get(there.call(&Registrar::deregister_here));
  EXPECT_THAT(error_of<SerializationError>([&] { get(there.call(&Registrar::read, ref)); }),
              says_what_to_do());
  EXPECT_THAT(error_of<SerializationError>([&] { get(there.call(&Registrar::make, 6)); }),
              says_what_to_do());
  EXPECT_EQ(get(put(Late(8))).value, 8);
}

TEST_F(Serializers, OfAnOnStartAreInAllProcesses) {
  open();
  EXPECT_EQ(get(remote(value_of_common)(Common(5))), 5);
  EXPECT_EQ(get(remote(value_of_common)(put(Common(6)))), 6);
  const auto made = remote([](int n) { return Common(n); })(7);
  EXPECT_EQ(get(made).value, 7);
  EXPECT_EQ(get(remote(value_of_common)(made)), 7);
  const auto nested = [](int n) { return get(remote(value_of_common)(Common(n))); };
  EXPECT_EQ(get(remote(nested)(8)), 8);
}

TEST_F(Serializers, RegisteredBeforeTheSessionAndAfterItWork) {
  register_late();
  EXPECT_EQ(deserialize<Late>(serialize(Late(4))).value, 4);
  open();
  const auto bytes = serialize(Late(6));
  EXPECT_EQ(get(put(Late(5))).value, 5);
  close();
  EXPECT_EQ(deserialize<Late>(bytes).value, 6);
  deregister_serializer<Late>();
  EXPECT_THROW(serialize(Late(4)), SerializationError);
}

// ---- for one object

struct Measurement {
  int x = 0;
  int y = 0;
  std::string note;
};
auto only_x(const Measurement& m) {
  return reduced(
      m, [](const Measurement& all) { return all.x; },
      [](int x) {
        return Measurement{x, -1, "restored"};
      });
}
std::string text_of(const Measurement& m) {
  return std::to_string(m.x) + "," + std::to_string(m.y) + "," + m.note;
}

// Item 13 of the acceptance list.
TEST_F(Serializers, ReducedIsForOneObjectOnly) {
  open();
  const std::vector<Measurement> siblings{{1, 2, "a"}, {3, 4, "b"}, {5, 6, "c"}};
  const auto before = put(siblings[0]);
  const auto one = put(only_x(siblings[1]));
  static_assert(std::same_as<decltype(one), const ObjectRef<Measurement>>);
  const auto after = put(siblings[1]);
  EXPECT_EQ(text_of(get(one)), "3,-1,restored");
  EXPECT_EQ(text_of(get(before)), "1,2,a");
  EXPECT_EQ(text_of(get(after)), "3,4,b");
  EXPECT_EQ(text_of(get(put(siblings))[1]), "3,4,b");
  EXPECT_EQ(get(remote(text_of)(one)), "3,-1,restored");
  EXPECT_EQ(get(remote(text_of)(after)), "3,4,b");
  EXPECT_EQ(get(remote(text_of)(siblings[1])), "3,4,b");
}

TEST_F(Serializers, ReducedHelpsWhereNoSerializerIsRegistered) {
  open();
  const Unknown unknown(5);
  EXPECT_THROW(put(unknown), SerializationError);
  const auto ref = put(reduced(
      unknown, [](const Unknown& u) { return u.value; }, [](int n) { return Unknown(n); }));
  EXPECT_EQ(get(ref).value, 5);
  EXPECT_EQ(get(remote([](const Unknown& u) { return u.value; })(ref)), 5);
  EXPECT_THROW(put(unknown), SerializationError);
}

// ---- wrappers

class Engine {  // not serializable by itself, neither copyable nor movable
 public:
  explicit Engine(std::vector<double> parts) : parts_(std::move(parts)) {}
  Engine(const Engine&) = delete;
  std::size_t size() const { return parts_.size(); }

 private:
  std::mutex mutex_;
  std::vector<double> parts_;
};
struct EngineParts {
  std::vector<double> parts;
  auto manta_reduce() const { return std::tuple(parts); }
  static Engine manta_restore(std::vector<double> parts) { return Engine(std::move(parts)); }
};

TEST_F(Serializers, AWrapperComesBackAsWhatItWraps) {
  open();
  const auto ref = put(EngineParts{{1, 2, 3}});
  static_assert(std::same_as<decltype(ref), const ObjectRef<Engine>>);
  EXPECT_EQ(get(ref).size(), 3U);
  const auto size = remote([](const ObjectRef<Engine>& engine) { return get(engine).size(); });
  EXPECT_EQ(get(size(put(ref))), 3U);
  EXPECT_EQ(get(size(put(put(EngineParts{std::vector<double>(10'000)})))), 10'000U);
  const auto made = remote([](std::size_t n) { return put(EngineParts{std::vector<double>(n)}); });
  EXPECT_EQ(get(get(made(20'000U))).size(), 20'000U);
}

std::size_t size_of(const Engine& engine) { return engine.size(); }

TEST_F(Serializers, AWrapperIsAnArgumentAndAResult) {
  open();
  EXPECT_EQ(get(remote(size_of)(put(EngineParts{{1, 2, 3}}))), 3U);
  EXPECT_EQ(get(remote(size_of)(EngineParts{{1, 2}})), 2U);
  const auto made = remote([](std::size_t n) { return EngineParts{std::vector<double>(n)}; });
  const auto engine = made(30'000U);
  static_assert(std::same_as<decltype(engine), const ObjectRef<Engine>>);
  EXPECT_EQ(get(engine).size(), 30'000U);
  EXPECT_EQ(get(remote(size_of)(engine)), 30'000U);
}

class Garage {  // what is made of an engine
 public:
  explicit Garage(const Engine& engine) : size_(engine.size()) {}
  std::size_t size() const { return size_; }
  bool as_large_as(const Engine& engine) const { return engine.size() == size_; }
  EngineParts parts() const { return {std::vector<double>(size_)}; }

 private:
  std::size_t size_;
};

TEST_F(Serializers, AnActorTakesWrappersAndGivesThem) {
  open();
  auto garage = actor<Garage>(EngineParts{{1, 2}});
  EXPECT_EQ(get(garage.call(&Garage::size)), 2U);
  EXPECT_TRUE(get(garage.call(&Garage::as_large_as, EngineParts{{3, 4}})));
  EXPECT_EQ(get(garage.call(&Garage::parts)).size(), 2U);
  auto other = actor<Garage>(garage.call(&Garage::parts));
  EXPECT_EQ(get(other.call(&Garage::size)), 2U);
}

struct Sealed {  // neither copied nor serialized by itself
  explicit Sealed(int n) : number(n) {}
  Sealed(Sealed&&) = default;
  int number;
  std::unique_ptr<std::mutex> lock = std::make_unique<std::mutex>();
};
struct SealedNumber {
  int number;
  auto manta_reduce() const { return std::tuple(number); }
  static Sealed manta_restore(int number) { return Sealed(number); }
};

TEST_F(Serializers, WrappedValuesBehindAListOfRefs) {
  open();
  const std::vector<ObjectRef<Sealed>> refs{put(SealedNumber{3}), put(SealedNumber{4})};
  const auto sum =
      remote([](const std::vector<Sealed>& all) { return all.at(0).number + all.at(1).number; });
  EXPECT_EQ(get(sum(refs)), 7);
}

TEST_F(Serializers, ReducedIsAnArgumentAndAResult) {
  open();
  const Measurement siblings[] = {{1, 2, "a"}, {3, 4, "b"}};
  EXPECT_EQ(get(remote(text_of)(only_x(siblings[0]))), "1,-1,restored");
  const auto made = remote([](int x) { return only_x(Measurement{x, 9, "made"}); });
  EXPECT_EQ(text_of(get(made(8))), "8,-1,restored");
  EXPECT_EQ(get(remote(text_of)(made(9))), "9,-1,restored");
}

}  // namespace
}  // namespace manta::testing
