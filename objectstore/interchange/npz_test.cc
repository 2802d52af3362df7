// Arrays in .npz files; tests/interop has numpy itself at the other end.
#include "npz.h"

#include <complex>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"

namespace manta {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class NpzTest : public testing::Test {
 protected:
  NpzTest() {
    std::string name = (std::filesystem::temp_directory_path() / "npz-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~NpzTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const char* name) const { return folder_ / name; }
  std::string content(const char* name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const char* name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  template <class F>
  std::string refusal(F f) const {
    try {
      f();
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  }

  std::ptrdiff_t files_in_folder() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

  std::filesystem::path folder_;
};

// While it lives no file of this process may grow beyond `bytes`: writing fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  void (*handler_)(int);
};

TEST_F(NpzTest, ComesBackAsItWas) {
  const auto x = arange<double>(6).freeze().reshape({2, 3});
  const auto flags = array_from(std::vector<bool>{true, false, true}).freeze();
  const auto waves = full<std::complex<float>>(3, {1, -2}).freeze();
  const auto none = zeros<std::int16_t>(0).freeze();
  save_npz(file("a.npz"), {{"x", x}, {"flags", flags}, {"waves", waves}, {"none", none}});
  const NpzFile npz = load_npz(file("a.npz"));
  EXPECT_THAT(npz.files(), ElementsAre("x", "flags", "waves", "none"));
  EXPECT_EQ(npz.get<double>("x"), x);
  EXPECT_THAT(npz.get<bool>("flags").span(), ElementsAre(true, false, true));
  EXPECT_EQ(npz.get<std::complex<float>>("waves"), waves);
  EXPECT_EQ(npz.get<std::int16_t>("none").size(), 0U);
  EXPECT_EQ(npz.get<double>("x"), x) << "a second time";
}

TEST_F(NpzTest, EqualArraysGiveEqualFilesAndReplaceTheOldOne) {
  const auto x = arange<int>(1000).freeze();
  save_npz(file("a.npz"), {{"x", x}});
  write("b.npz", "something else");
  save_npz(file("b.npz"), {{"x", x}});
  EXPECT_EQ(content("a.npz"), content("b.npz"));
}

TEST_F(NpzTest, NoArraysAreAnArchiveOfNoneThatReplacesTheOldOne) {
  save_npz(file("a.npz"), {{"x", arange<int>(3).freeze()}});
  save_npz(file("a.npz"), {});
  EXPECT_EQ(content("a.npz"), std::string("PK\5\6", 4) + std::string(18, '\0'));
  const NpzFile npz = load_npz(file("a.npz"));
  EXPECT_THAT(npz.files(), ElementsAre());
  EXPECT_THAT(refusal([&] { npz.get<int>("x"); }), HasSubstr("no array \"x\" in it; it is empty"));
  save_npz(file("new.npz"), {});
  EXPECT_EQ(content("new.npz").size(), 22U);
}

TEST_F(NpzTest, MembersSayWhatTheyHold) {
  save_npz(file("a.npz"), {{"x", arange<double>(6).freeze().reshape({2, 3})},
                           {"flags", full<bool>(2, true).freeze()}});
  const auto members = npz_members(file("a.npz"));
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members.at("x").dtype, "<f8");
  EXPECT_THAT(members.at("x").shape, ElementsAre(2, 3));
  EXPECT_FALSE(members.at("x").fortran_order);
  EXPECT_EQ(members.at("flags").dtype, "|b1");
  save_npz(file("none.npz"), {});
  EXPECT_TRUE(npz_members(file("none.npz")).empty());
  EXPECT_THAT(refusal([&] { npz_members(file("b.npz")); }), HasSubstr("npz_members: "));
}

// The name and the beginning of a member are overwritten where they stand.
TEST_F(NpzTest, AMemberThatIsNoArrayIsNamedSo) {
  save_npz(file("a.npz"), {{"x", arange<int>(3).freeze()}, {"note", arange<int>(2).freeze()}});
  std::string bytes = content("a.npz");
  for (std::size_t at = 0; (at = bytes.find("note.npy", at)) != std::string::npos;) {
    bytes.replace(at, 8, "note.txt");
  }
  bytes.replace(bytes.rfind("\x93NUMPY"), 6, "Dear X");
  write("b.npz", bytes);
  EXPECT_EQ(npz_members(file("b.npz")).size(), 1u);
  const NpzFile npz = load_npz(file("b.npz"));
  EXPECT_THAT(npz.get<int>("x").span(), ElementsAre(0, 1, 2));
  EXPECT_THAT(refusal([&] { npz.get<int>("note.txt"); }), HasSubstr("note.txt: it is no array"));
}

TEST_F(NpzTest, TheCallForTheTypeIsNamed) {
  save_npz(file("a.npz"), {{"x", arange<float>(3).freeze()}});
  EXPECT_THAT(
      refusal([&] { load_npz(file("a.npz")).get<double>("x"); }),
      HasSubstr(
          "x: it holds 32-bit floats (\"<f4\"), not 64-bit floats (\"<f8\"): use get<float>"));
  save_npy(file("a.npy"), arange<float>(3).freeze());
  EXPECT_THAT(refusal([&] { load_npz(file("a.npy")); }),
              HasSubstr("one array, .npy: use load_npy"));
}

// Two members of one name: the name of the second is overwritten where it stands.
TEST_F(NpzTest, OfTwoMembersOfOneNameTheLastIsRead) {
  save_npz(file("a.npz"), {{"x", full<int>(3, 1).freeze()}, {"y", full<int>(2, 2).freeze()}});
  std::string bytes = content("a.npz");
  for (std::size_t at = 0; (at = bytes.find("y.npy", at)) != std::string::npos;) bytes[at] = 'x';
  write("twice.npz", bytes);
  const NpzFile npz = load_npz(file("twice.npz"));
  EXPECT_THAT(npz.files(), ElementsAre("x", "x"));
  EXPECT_THAT(npz.get<int>("x").span(), ElementsAre(2, 2));
}

TEST_F(NpzTest, AMemberOfTheVeryNameGoesBeforeThatWithTheSuffix) {
  save_npz(file("a.npz"), {{"x.npy", full<int>(1, 1).freeze()}, {"y", full<int>(1, 2).freeze()}});
  std::string bytes = content("a.npz");
  for (std::size_t at = 0; (at = bytes.find("y.npy", at)) != std::string::npos;) {
    if (bytes[at - 1] == 'p') {
      ++at;  // inside "x.npy.npy"
    } else {
      bytes[at] = 'x';
    }
  }
  write("both.npz", bytes);  // "x.npy.npy" and "x.npy"
  const NpzFile npz = load_npz(file("both.npz"));
  EXPECT_THAT(npz.files(), ElementsAre("x.npy", "x"));
  EXPECT_EQ(npz.get<int>("x")[0], 2);
  EXPECT_EQ(npz.get<int>("x.npy")[0], 2) << "numpy takes the member of that name";
  EXPECT_THAT(refusal([&] {
                save_npz(file("b.npz"),
                         {{"x", full<int>(1, 1).freeze()}, {"x.npy", full<int>(1, 2).freeze()}});
              }),
              HasSubstr("could not be told apart"));
}

TEST_F(NpzTest, AFileThatCannotBeWrittenStaysAsItWasAndNothingIsLeft) {
  save_npz(file("a.npz"), {{"x", arange<int>(3).freeze()}});
  const std::string before = content("a.npz");
  const auto large = zeros<double>(100'000).freeze();
  {
    const FileSizeLimit limit(100'000);
    EXPECT_THAT(refusal([&] {
                  save_npz(file("a.npz"), {{"x", large}});
                }),
                AllOf(HasSubstr("save_npz: "), HasSubstr("a.npz"), HasSubstr("File too large")));
    EXPECT_THAT(refusal([&] {
                  save_npz(file("new.npz"), {{"x", large}});
                }),
                HasSubstr("File too large"));
  }
  EXPECT_EQ(content("a.npz"), before);
  EXPECT_EQ(files_in_folder(), 1);
  EXPECT_THAT(refusal([&] {
                save_npz(file("a.npz"), {{"x", large}, {"x", large}});
              }),
              HasSubstr("two arrays"));
  EXPECT_EQ(content("a.npz"), before);
}

TEST_F(NpzTest, PermissionsOfAReplacedFileAreKept) {
  save_npz(file("a.npz"), {});
  std::filesystem::permissions(file("a.npz"), std::filesystem::perms(0640));
  save_npz(file("a.npz"), {{"x", arange<int>(3).freeze()}});
  EXPECT_EQ(std::filesystem::status(file("a.npz")).permissions(), std::filesystem::perms(0640));
}

TEST_F(NpzTest, WhatIsNoRegularFileIsNotReplaced) {
  ASSERT_EQ(::mkfifo(file("pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal([&] { save_npz(file("pipe"), {}); }), HasSubstr("no regular file"));
  EXPECT_THAT(refusal([&] { save_npz(folder_, {}); }), HasSubstr("no regular file"));
  EXPECT_EQ(files_in_folder(), 1);
}

TEST_F(NpzTest, ASymbolicLinkStaysOne) {
  std::filesystem::create_symlink("target.npz", file("link.npz"));
  save_npz(file("link.npz"), {{"x", arange<int>(3).freeze()}});
  EXPECT_TRUE(std::filesystem::is_symlink(file("link.npz")));
  EXPECT_EQ(load_npz(file("target.npz")).get<int>("x").size(), 3U);
}

TEST_F(NpzTest, NamesAreChecked) {
  const auto x = arange<int>(3).freeze();
  EXPECT_THAT(refusal([&] {
                save_npz(file("a.npz"), {{"x", x}, {"x", x}});
              }),
              HasSubstr("two arrays are named \"x\""));
  EXPECT_THAT(refusal([&] { save_npz(file("a.npz"), {{"", x}}); }), HasSubstr("has no name"));
  EXPECT_THAT(refusal([&] {
                save_npz(file("no/such/folder.npz"), {{"x", x}});
              }),
              AllOf(HasSubstr("save_npz: "), HasSubstr("folder.npz")));
  EXPECT_FALSE(std::filesystem::exists(file("a.npz")));
}

TEST_F(NpzTest, ErrorsNameFileArrayAndReason) {
  save_npz(file("a.npz"), {{"x", arange<int>(3).freeze()}, {"y", arange<double>(3).freeze()}});
  const NpzFile npz = load_npz(file("a.npz"));
  EXPECT_THAT(refusal([&] { npz.get<double>("z"); }),
              AllOf(HasSubstr("a.npz"), HasSubstr("no array \"z\""), HasSubstr("x, y")));
  EXPECT_THAT(refusal([&] { npz.get<double>("x"); }),
              AllOf(HasSubstr("a.npz: x: "), HasSubstr("<i4"), HasSubstr("<f8")));
  EXPECT_THAT(refusal([&] { load_npz(file("none.npz")); }), HasSubstr("No such file"));
  write("text.npz", "this is no zip archive");
  EXPECT_THAT(refusal([&] { load_npz(file("text.npz")); }), HasSubstr("text.npz"));
}

// Wherever a byte is wrong: the array as it was, or a clear error.
TEST_F(NpzTest, ACorruptFileIsRefused) {
  const auto x = arange<double>(4).freeze();
  save_npz(file("a.npz"), {{"x", x}});
  const std::string good = content("a.npz");
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(~bad[at]);
    write("bad.npz", bad);
    try {
      EXPECT_EQ(load_npz(file("bad.npz")).get<double>("x"), x) << at;
    } catch (const InvalidArgument&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, good.size() / 2);
  for (std::size_t size = 0; size < good.size(); ++size) {
    write("bad.npz", good.substr(0, size));
    EXPECT_NE(refusal([&] { load_npz(file("bad.npz")).get<double>("x"); }), "") << size;
  }
}

TEST_F(NpzTest, AHeaderThatLiesAllocatesNothing) {
  save_npz(file("a.npz"), {{"x", arange<double>(4).freeze()}});
  std::string bytes = content("a.npz");
  const auto at = bytes.find("(4");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 2, "(9");  // its checksum is found out later
  write("b.npz", bytes);
  EXPECT_THAT(refusal([&] { load_npz(file("b.npz")).get<double>("x"); }),
              HasSubstr("its size is not that of its shape"));
}

// Compresses the members of an archive anew; false where libzip lacks the method.
bool compress(const std::filesystem::path& path, int method) {
  if (zip_compression_method_supported(method, 1) == 0) return false;
  zip_t* const archive = zip_open(path.c_str(), 0, nullptr);
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(i), method, 0);
  }
  return zip_close(archive) == 0;
}

TEST_F(NpzTest, MembersOfEveryMethodAreReadHoweverFarTheyUnpack) {
  const auto x = zeros<double>(1'000'000).freeze();
  for (const int method : {ZIP_CM_DEFLATE, ZIP_CM_BZIP2, 93, ZIP_CM_XZ}) {
    save_npz(file("a.npz"), {{"x", x}});
    if (!compress(file("a.npz"), method)) continue;
    EXPECT_LT(content("a.npz").size(), 10'000U) << method;
    EXPECT_EQ(load_npz(file("a.npz")).get<double>("x"), x) << method;
    EXPECT_THAT(npz_members(file("a.npz")).at("x").shape, ElementsAre(1'000'000)) << method;
  }
}

// The method stands at 8 behind the signature of the member, and at 10 behind that of its entry in the table.
TEST_F(NpzTest, AMemberOfAnotherMethodHidesNoOther) {
  save_npz(file("a.npz"), {{"x", arange<int>(3).freeze()}, {"y", arange<int>(2).freeze()}});
  std::string bytes = content("a.npz");
  bytes[bytes.find("PK\3\4") + 8] = 9;  // which libzip has not
  bytes[bytes.find("PK\1\2") + 10] = 9;
  write("b.npz", bytes);
  const auto members = npz_members(file("b.npz"));
  ASSERT_EQ(members.size(), 1U);
  EXPECT_THAT(members.at("y").shape, ElementsAre(2));
  const NpzFile npz = load_npz(file("b.npz"));
  EXPECT_THAT(npz.files(), ElementsAre("x", "y"));
  EXPECT_EQ(npz.get<int>("y")[1], 1);
  EXPECT_THAT(refusal([&] { npz.get<int>("x"); }),
              HasSubstr("x: it is compressed by a method that is not supported (9, deflate64)"));
}

// Wherever a byte of compressed data is wrong: the array as it was, or a clear error, and never another kind of file.
TEST_F(NpzTest, ADamagedMemberIsNamedSo) {
  const auto x = arange<double>(4).freeze();
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE, ZIP_CM_BZIP2}) {
    save_npz(file("a.npz"), {{"x", x}, {"y", x}});
    if (!compress(file("a.npz"), method)) continue;
    const std::string good = content("a.npz");
    const std::size_t begin = good.find("x.npy") + 5;
    const std::size_t end = good.find("PK\3\4", begin);
    for (std::size_t at = begin; at < end; ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(~bad[at]);
      write("bad.npz", bad);
      const auto members = npz_members(file("bad.npz"));
      EXPECT_TRUE(members.contains("y")) << method << " " << at - begin;
      const auto get = [&] { EXPECT_EQ(load_npz(file("bad.npz")).get<double>("x"), x); };
      EXPECT_THAT(refusal(get), testing::Not(HasSubstr("no array"))) << method << " " << at - begin;
      if (at == begin) {
        EXPECT_THAT(refusal(get), HasSubstr("x: it is damaged: ")) << method;
      }
    }
  }
}

// Four bytes in an archive whose header says `shape`, and whose table says `sizes` from `at` behind its signature on
// (packed size at 20, size at 24).
std::string lying_archive(std::string bytes, const std::string& shape, std::size_t at,
                          const std::string& sizes) {
  const std::string honest = "(4,)";
  const std::size_t more = shape.size() - honest.size();
  const std::size_t header = bytes.find(honest);
  const std::size_t table = bytes.find("PK\1\2");
  EXPECT_NE(header, std::string::npos);
  EXPECT_NE(table, std::string::npos);
  bytes.replace(table + at, sizes.size(), sizes);
  bytes.erase(bytes.find('\n', header) - more, more);  // of the padding
  bytes.replace(header, honest.size(), shape);
  return bytes;
}

TEST_F(NpzTest, AnArchiveThatLiesAllocatesNothing) {
  save_npz(file("a.npz"), {{"x", arange<std::uint8_t>(4).freeze()}});
  const std::string good = content("a.npz");
  // About 4 GiB, in a file of some hundred bytes: the header takes 128.
  write("large.npz", lying_archive(good, "(4294967166,)", 20, "\xfe\xff\xff\xff\xfe\xff\xff\xff"));
  // Less than the header alone takes: a difference of the two, 8 - 128, is no size.
  write("short.npz",
        lying_archive(good, "(18446744073709551496,)", 24, std::string("\10\0\0\0", 4)));
  EXPECT_THAT(refusal([&] { load_npz(file("large.npz")).get<std::uint8_t>("x"); }),
              HasSubstr("x: it is damaged: it is smaller than the archive says"));
  EXPECT_THAT(refusal([&] { load_npz(file("short.npz")).get<std::uint8_t>("x"); }),
              HasSubstr("its size is not that of its shape"));
}

// Of a method of which it is not known how far it unpacks.
TEST_F(NpzTest, ABzip2MemberThatLiesAllocatesNothing) {
  if (zip_compression_method_supported(ZIP_CM_BZIP2, 1) == 0) GTEST_SKIP() << "libzip has none";
  save_npy(file("a.npy"), arange<std::uint8_t>(4).freeze());
  std::string array = content("a.npy");
  array.replace(array.find("(4,), }         "), 16, "(4294967166,), }");
  zip_t* const archive = zip_open(file("a.npz").c_str(), ZIP_CREATE, nullptr);
  zip_file_add(archive, "x.npy", zip_source_buffer(archive, array.data(), array.size(), 0), 0);
  zip_set_file_compression(archive, 0, ZIP_CM_BZIP2, 0);
  ASSERT_EQ(zip_close(archive), 0);
  std::string bytes = content("a.npz");
  bytes.replace(bytes.find("PK\1\2") + 24, 4, "\xfe\xff\xff\xff");
  write("b.npz", bytes);
  EXPECT_THAT(refusal([&] { load_npz(file("b.npz")).get<std::uint8_t>("x"); }),
              HasSubstr("x: it is damaged: it is smaller than the archive says"));
}

}  // namespace
}  // namespace manta
