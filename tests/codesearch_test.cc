// The whole search engine in worker processes, held against the plain one and against grep.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ask.h"
#include "build_index.h"
#include "cluster_fixture.h"
#include "file_list.h"
#include "plain_index.h"
#include "scratch_directory.h"

namespace codesearch {
namespace {

class CodesearchTest : public manta::testing::ClusterTest {
 protected:
  // Batches are small here, so that there are many tasks and a tree of merges.
  Index built(const FileList& files, std::size_t shards) {
    return build_index(files,
                       {.shards = shards, .progress = Progress::kHidden, .batch_bytes = 64 << 10});
  }
  static std::vector<std::string> paths(const FileList& files) {
    std::vector<std::string> paths;
    for (const File& file : files.files) {
      paths.push_back(file.path);
    }
    return paths;
  }
  // What `LC_ALL=C grep -rlwI word directory` prints, sorted.
  static std::vector<std::string> grep(const std::string& word, const std::string& directory) {
    const std::string command = "LC_ALL=C grep -rlwI -e " + word + " " + directory;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string output;
    for (int c = 0; (c = std::fgetc(pipe.get())) != EOF;) {
      output += static_cast<char>(c);
    }
    std::vector<std::string> lines;
    for (std::size_t begin = 0, end = 0; (end = output.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
      lines.push_back(output.substr(begin, end - begin));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  void expect_same_ranking(const Index& index, const PlainIndex& plain, const std::string& query) {
    const Answers answers = ask(index, query, 50);
    std::vector<std::pair<double, std::string>> got;
    for (const Answer& answer : answers.best) {
      got.emplace_back(answer.scored.score, answer.path);
    }
    EXPECT_EQ(got, plain.ask(query, 50)) << query;
  }
  // Files of words, some of them common and some rare, one in ten binary.
  void write_corpus(std::size_t files) {
    std::mt19937 random(3);
    for (std::size_t f = 0; f < files; ++f) {
      std::string text;
      for (std::size_t words = 1 + random() % 2000; words > 0; --words) {
        const auto spread = std::size_t{1} << random() % 12;
        text += (random() % 3 == 0 ? "an_identifier_" : "w") + std::to_string(random() % spread);
        text += random() % 10 == 0 ? "\n" : " ";
      }
      text += random() % 10 == 0 ? std::string(1, '\0') : "";
      directory_.write(std::to_string(f % 7) + "/" + std::to_string(f) + ".h", text);
    }
  }

  ScratchDirectory directory_;
};

TEST_F(CodesearchTest, RanksAsThePlainIndexDoes) {
  write_corpus(300);
  const FileList files = list_files({directory_.path()});
  const PlainIndex plain(paths(files));
  open();
  for (std::size_t shards = 1; shards <= 3; ++shards) {
    const Index index = built(files, shards);
    EXPECT_EQ(index.corpus.documents, plain.corpus().documents);
    EXPECT_EQ(index.corpus.words, plain.corpus().words);
    EXPECT_EQ(manta::get(manta::remote(count_different_words)(index.segments)),
              plain.different_words());
    for (const char* query : {"w0", "w1 w2", "an_identifier_77 w3 an_identifier_1",
                              "w2000 w1999 w0 w0", "nowhere", "nowhere w5", ""}) {
      expect_same_ranking(index, plain, query);
    }
  }
}

TEST_F(CodesearchTest, FindsTheFilesThatGrepFinds) {
  write_corpus(200);
  const FileList files = list_files({directory_.path()});
  open();
  const Index index = built(files, 2);
  for (const char* word : {"w0", "w7", "an_identifier_5", "w1234", "an_identifier", "W0"}) {
    EXPECT_EQ(files_with(index, word), grep(word, directory_.path())) << word;
  }
}

TEST_F(CodesearchTest, OnRealHeadersItAgreesWithBoth) {
  const std::string headers = "/usr/include/linux";
  const FileList files = list_files({headers});
  if (files.files.empty()) {
    GTEST_SKIP() << headers << " has no files";
  }
  const PlainIndex plain(paths(files));
  open();
  const Index index = built(files, 2);
  for (const char* query : {"socket address family", "struct int", "mutex", "__u32 flags flags"}) {
    expect_same_ranking(index, plain, query);
  }
  for (const char* word : {"__u32", "ioctl", "SPDX", "0x1", "e", "_IOW"}) {
    EXPECT_EQ(files_with(index, word), grep(word, headers)) << word;
  }
}

TEST_F(CodesearchTest, AnswersWithTheLineThatHoldsTheWords) {
  directory_.write("a.h", "nothing\n\n  int needle(int hay);\n");
  directory_.write("b.h", "needle\n");
  open();
  const Index index = built(list_files({directory_.path()}), 2);
  const Answers answers = ask(index, "hay needle");
  ASSERT_EQ(answers.best.size(), 2u);
  EXPECT_EQ(answers.matching, 2u);
  EXPECT_EQ(answers.best[0].path, directory_ / "a.h");
  EXPECT_EQ(answers.best[0].line, 3u);
  EXPECT_EQ(answers.best[0].text, "int needle(int hay);");
  EXPECT_EQ(answers.best[1].line, 1u);
}

TEST_F(CodesearchTest, NamesTheFilesThatItCouldNotIndex) {
  directory_.write("binary", std::string_view("a\0b", 3));
  directory_.write("good", "word");
  directory_.write("replaced", "word");
  directory_.write("vanished", "word");
  const FileList files = list_files({directory_.path()});
  std::filesystem::remove(directory_ / "vanished");
  std::filesystem::remove(directory_ / "replaced");
  std::filesystem::create_directory(directory_ / "replaced");
  open();
  const Index index = built(files, 2);
  std::vector<std::string> skipped;
  for (const Skipped& file : index.report.skipped) {
    skipped.push_back(std::filesystem::path(file.path).filename().string() + ": " +
                      name_of(file.reason));
  }
  EXPECT_EQ(skipped, (std::vector<std::string>{"binary: binary", "replaced: unreadable",
                                               "vanished: vanished"}));
  EXPECT_EQ(index.report.files, 1u);
  EXPECT_EQ(files_with(index, "word"), std::vector{directory_ / "good"});
}

TEST_F(CodesearchTest, AnIndexOfNothingAnswersNothing) {
  open();
  const Index index = built(list_files({directory_.path()}), 3);
  EXPECT_TRUE(ask(index, "word").best.empty());
  EXPECT_TRUE(files_with(index, "word").empty());
}

}  // namespace
}  // namespace codesearch
