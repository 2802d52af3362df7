#include "report.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>

#include "snippet.h"

namespace codesearch {
namespace {

constexpr std::size_t kNamed = 10;  // skipped files that are listed one by one

std::string with_commas(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), ",");
  }
  return digits;
}

std::string fixed(double x, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << x;
  return text.str();
}

double megabytes(const BatchReport& report) { return static_cast<double>(report.bytes) / 1e6; }

// "31 skipped: 1 empty, 30 binary"
std::string counts(const std::vector<Skipped>& skipped) {
  std::array<std::size_t, kSkipReasons> count{};
  for (const Skipped& file : skipped) {
    ++count[static_cast<std::size_t>(file.reason)];
  }
  std::string text = with_commas(skipped.size()) + " skipped";
  const char* separator = ": ";
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (count[i] > 0) {
      text += separator + with_commas(count[i]) + " " + name_of(static_cast<SkipReason>(i));
      separator = ", ";
    }
  }
  return text;
}

void print_skipped(std::ostream& out, std::vector<Skipped>& skipped) {
  std::sort(skipped.begin(), skipped.end(),
            [](const Skipped& a, const Skipped& b) { return a.path < b.path; });
  for (std::size_t i = 0; i < std::min(kNamed, skipped.size()); ++i) {
    out << "            " << name_of(skipped[i].reason) << ": " << printable(skipped[i].path)
        << (skipped[i].detail.empty() ? "" : " (" + skipped[i].detail + ")") << "\n";
  }
  if (skipped.size() > kNamed) {
    out << "            and " << with_commas(skipped.size() - kNamed) << " more\n";
  }
}

// One row of the table of times, and how many times as fast as the others this run was.
void print_run(std::ostream& out, const Figures& figures, const std::string& name, double seconds) {
  const auto against = [&](const std::optional<double>& other) {
    return other ? fixed(*other / seconds, 2) + "x" : "-";
  };
  out << "  " << std::left << std::setw(12) << name << std::right << std::setw(9)
      << fixed(seconds, 3) << std::setw(9) << fixed(megabytes(figures.report) / seconds, 0)
      << std::setw(16) << against(figures.one_worker_seconds) << std::setw(16)
      << against(figures.plain_seconds) << "\n";
}

}  // namespace

void print_summary(std::ostream& out, Figures figures) {
  const BatchReport& report = figures.report;
  out << "\n  files     " << with_commas(report.files) << " indexed, " << counts(figures.skipped)
      << "\n";
  print_skipped(out, figures.skipped);
  out << "  text      " << fixed(megabytes(report), 1) << " MB, " << with_commas(report.words)
      << " words\n  terms     " << with_commas(figures.different_words)
      << " different words\n  postings  " << with_commas(figures.postings) << " in "
      << figures.shards << (figures.shards == 1 ? " shard\n" : " shards\n")
      << "  session   started in " << fixed(figures.start_seconds * 1e3, 0) << " ms\n\n"
      << "                seconds     MB/s   vs one worker   vs plain loop\n";
  print_run(out, figures,
            std::to_string(figures.workers) + (figures.workers == 1 ? " worker" : " workers"),
            figures.build_seconds);
  if (figures.one_worker_seconds && figures.workers != 1) {
    print_run(out, figures, "1 worker", *figures.one_worker_seconds);
  }
  if (figures.plain_seconds) {
    print_run(out, figures, "plain loop", *figures.plain_seconds);
  }
}

void print_answers(std::ostream& out, std::string_view query, const Answers& answers,
                   double seconds) {
  out << "\n" << printable(query) << "\n";
  for (const Answer& answer : answers.best) {
    out << std::setw(8) << fixed(answer.scored.score, 2) << "  " << printable(answer.path) << ":"
        << answer.line << ": " << answer.text << "\n";
  }
  out << "          " << answers.best.size() << " of " << with_commas(answers.matching)
      << " files, " << fixed(seconds * 1e3, 2) << " ms\n";
}

}  // namespace codesearch
