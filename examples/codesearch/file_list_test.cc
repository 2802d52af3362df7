#include "file_list.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "file_reader.h"
#include "scratch_directory.h"

namespace codesearch {
namespace {

namespace fs = std::filesystem;

class FileListTest : public ::testing::Test {
 protected:
  FileList list() { return list_files({directory_.path()}); }
  std::vector<std::string> names(const FileList& list) {
    std::vector<std::string> names;
    for (const File& file : list.files) {
      names.push_back(fs::relative(file.path, directory_.path()));
    }
    return names;
  }
  // "name: reason" of the file that was skipped, if it was one.
  std::string only(const std::vector<Skipped>& skipped) {
    return skipped.size() == 1
               ? fs::path(skipped[0].path).filename().string() + ": " + name_of(skipped[0].reason)
               : std::to_string(skipped.size()) + " skipped";
  }
  FileTexts read_all(const FileList& list) {
    const std::vector<Batch> batches = make_batches(list.files);
    EXPECT_EQ(batches.size(), 1u);
    return read_files(batches.at(0));
  }

  ScratchDirectory directory_;
};

TEST_F(FileListTest, IsSortedAndFollowsNoLinks) {
  directory_.write("b.h", "b");
  directory_.write("a/deep/er.h", "e");
  directory_.write("a/b.h", "b");
  fs::create_symlink(directory_ / "b.h", directory_ / "link.h");
  fs::create_directory_symlink(directory_.path(), directory_ / "a/loop");
  ASSERT_EQ(mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(names(list()), (std::vector<std::string>{"a/b.h", "a/deep/er.h", "b.h"}));
  EXPECT_TRUE(list().skipped.empty());
}

TEST_F(FileListTest, TakesFilesAndLinksThatAreNamedAndNoneTwice) {
  const std::string file = directory_.write("d/a.h", "a");
  fs::create_directory_symlink(directory_ / "d", directory_ / "link");
  EXPECT_EQ(list_files({file, directory_ / "d"}).files.size(), 1u);
  EXPECT_EQ(list_files({directory_ / "link"}).files.size(), 1u);
}

TEST_F(FileListTest, NamesWhatIsEmptyHugeOrNotThere) {
  directory_.write("empty", "");
  EXPECT_EQ(only(list().skipped), "empty: empty");
  directory_.write("empty", "no more");
  fs::resize_file(directory_ / "empty", kHugeBytes + 1);
  EXPECT_EQ(only(list().skipped), "empty: huge");
  EXPECT_EQ(only(list_files({directory_ / "nowhere"}).skipped), "nowhere: unreadable");
}

TEST_F(FileListTest, BatchesAreNeighboursAndNotMuchLargerThanAsked) {
  std::vector<File> files;
  for (const std::uint64_t size : {3u, 3u, 3u, 9u, 1u, 1u, 20u, 1u}) {
    files.push_back({std::to_string(files.size()), size});
  }
  std::vector<std::vector<std::string>> paths;
  for (const Batch& batch : make_batches(files, 10)) {
    EXPECT_EQ(batch.paths.front(), std::to_string(batch.first));
    paths.push_back(batch.paths);
  }
  EXPECT_EQ(paths, (std::vector<std::vector<std::string>>{
                       {"0", "1", "2"}, {"3", "4"}, {"5"}, {"6"}, {"7"}}));
  EXPECT_TRUE(make_batches({}).empty());
}

TEST_F(FileListTest, TheReaderHoldsEachTextAtItsPlace) {
  directory_.write("a", "first");
  directory_.write("b", "second text");
  const FileTexts texts = read_all(list());
  ASSERT_EQ(texts.places.size(), 2u);
  EXPECT_EQ(texts.text(texts.places[0]), "first");
  EXPECT_EQ(texts.text(texts.places[1]), "second text");
  EXPECT_TRUE(texts.skipped.empty());
}

TEST_F(FileListTest, TheReaderSkipsABinaryFile) {
  directory_.write("binary", std::string_view("MZ\0\1", 4));
  directory_.write("text", "text");
  const FileTexts texts = read_all(list());
  EXPECT_EQ(only(texts.skipped), "binary: binary");
  EXPECT_EQ(texts.text(texts.places.at(1)), "text");
}

TEST_F(FileListTest, TheReaderTakesWhatBecomesOfAFileMeanwhile) {
  for (const char* name : {"emptied", "grown", "link", "replaced", "shrunk", "vanished"}) {
    directory_.write(name, "was text");
  }
  const FileList listed = list();
  fs::resize_file(directory_ / "emptied", 0);
  directory_.write("grown", "was text and more of it");
  fs::remove(directory_ / "link");
  fs::create_symlink("/etc/passwd", directory_ / "link");
  fs::remove(directory_ / "replaced");
  fs::create_directory(directory_ / "replaced");
  fs::resize_file(directory_ / "shrunk", 3);
  fs::remove(directory_ / "vanished");
  const FileTexts texts = read_all(listed);
  std::vector<std::string> skipped;
  for (const Skipped& file : texts.skipped) {
    skipped.push_back(only({file}));
  }
  EXPECT_EQ(skipped, (std::vector<std::string>{"emptied: empty", "link: unreadable",
                                               "replaced: unreadable", "vanished: vanished"}));
  EXPECT_EQ(texts.text(texts.places.at(1)), "was text");
  EXPECT_EQ(texts.text(texts.places.at(4)), "was");
}

}  // namespace
}  // namespace codesearch
