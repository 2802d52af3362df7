// A class around a live handle travels as what is needed to make it again: a database connection goes
// to the workers as its path, and each opens the file for itself.
//
//   Database --- manta_reduce() ---> "/tmp/.../ledger.db" --- Database(path) ---> Database in a worker
//
//   $ ./database
//
// Expected output:
//   4 tasks counted 1000 payments, 499500 in all
//   no such file: the database ... cannot be opened: unable to open database file
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <manta/manta.h>

// Neither copied nor moved: manta builds it in place, also as the parameter of a task.
class Database {
 public:
  explicit Database(const std::string& path, int flags = SQLITE_OPEN_READONLY) : path_(path) {
    sqlite3* handle = nullptr;
    const int status = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (status != SQLITE_OK) {
      throw std::runtime_error("the database " + path +
                               " cannot be opened: " + sqlite3_errmsg(handle));
    }
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::string manta_reduce() const { return path_; }  // what travels

  // The first row of what the statement gives.
  std::pair<std::int64_t, std::int64_t> query(const std::string& sql) const {
    sqlite3_stmt* made = nullptr;
    const int status = sqlite3_prepare_v2(handle_.get(), sql.c_str(), -1, &made, nullptr);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(made, sqlite3_finalize);
    if (status != SQLITE_OK || sqlite3_step(made) != SQLITE_ROW) {
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle_.get()));
    }
    return {sqlite3_column_int64(made, 0), sqlite3_column_int64(made, 1)};
  }
  void execute(const std::string& sql) const {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sql + ": " + sqlite3_errmsg(handle_.get()));
    }
  }

 private:
  std::string path_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_{nullptr, sqlite3_close};
};

// How many payments have this remainder, and their sum.
std::pair<std::int64_t, std::int64_t> sum(const Database& database, int remainder) {
  return database.query("SELECT count(*), sum(amount) FROM payments WHERE id % 4 = " +
                        std::to_string(remainder));
}

// A folder that goes with its owner.
struct Folder {
  Folder() {
    std::string made = std::filesystem::temp_directory_path() / "manta-example-XXXXXX";
    if (::mkdtemp(made.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = made;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

int main() {
  auto session = manta::init();
  const Folder folder;
  const Database ledger(folder.path / "ledger.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  ledger.execute(
      "CREATE TABLE payments (id INTEGER PRIMARY KEY, amount INTEGER);"
      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999)"
      "INSERT INTO payments SELECT i, i FROM n");

  std::vector<manta::ObjectRef<std::pair<std::int64_t, std::int64_t>>> parts;
  for (int i = 0; i < 4; ++i) parts.push_back(manta::remote(sum)(ledger, i));
  std::int64_t count = 0, total = 0;
  for (const auto& [n, amount] : manta::get(parts)) count += n, total += amount;
  std::cout << parts.size() << " tasks counted " << count << " payments, " << total << " in all\n";

  // The worker cannot make it again: the task fails with what its constructor said.
  const auto lost = manta::put(ledger);
  std::filesystem::remove(folder.path / "ledger.db");
  try {
    manta::get(manta::remote(sum)(lost, 0));
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    const auto at = text.find("the database");
    std::cout << "no such file: " << text.substr(at, text.find('\n', at) - at) << "\n";
  }
}
