#include "coded_exceptions.h"

#include <filesystem>
#include <future>
#include <ios>
#include <regex>
#include <system_error>

#include "../wire/payload.h"
#include "error_category.h"

namespace manta::detail {
namespace {

struct SavedError {
  SavedCode code = {};
  bool has_text = false;  // false: it was made of the code alone
  std::string text = {};  // the text to which the message of the code was added
  std::string path1 = {}, path2 = {};
};

template <class E>
bool is_a(const std::exception& error) {
  return dynamic_cast<const E*>(&error) != nullptr;
}

// The constructor of std::system_error adds ": " and the message of the code to the text that it is given. That part is
// taken off, since the constructor in the receiving process adds it again.
SavedError save_system_error(const std::system_error& error) {
  SavedError saved{.code = save_code(error.code()), .text = error.std::runtime_error::what()};
  const std::string added = ": " + saved.code.message;
  saved.has_text = saved.text != saved.code.message;
  if (saved.text.ends_with(added)) saved.text.resize(saved.text.size() - added.size());
  return saved;
}

std::vector<std::byte> save_with_paths(const std::exception& error) {
  SavedError saved = save_system_error(dynamic_cast<const std::system_error&>(error));
  if (const auto* of_files = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
    saved.path1 = of_files->path1().string();
    saved.path2 = of_files->path2().string();
  }
  return pack(saved);
}

std::system_error make(const SavedError& saved, const std::system_error*) {
  const std::error_code code = load_code(saved.code);
  return saved.has_text ? std::system_error(code, saved.text) : std::system_error(code);
}
std::ios_base::failure make(const SavedError& saved, const std::ios_base::failure*) {
  return std::ios_base::failure(saved.text, load_code(saved.code));
}
std::filesystem::filesystem_error make(const SavedError& saved,
                                       const std::filesystem::filesystem_error*) {
  return {saved.text, saved.path1, saved.path2, load_code(saved.code)};
}

template <class E>
ExceptionType with_code() {
  return {&typeid(E), is_a<E>, save_with_paths,
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            const auto error = unpack<SavedError>(saved);
            if (!error) return;
            throw TaskErrorOf<E>(make(*error, static_cast<const E*>(nullptr)), std::move(info));
          }};
}

// For exceptions that are made of one number: their category is known.
template <class E, class Number>
ExceptionType with_number(int (*number)(const E&)) {
  static const auto number_of = number;
  return {&typeid(E), is_a<E>,
          [](const std::exception& error) {
            return pack(SavedError{.code = {.value = number_of(dynamic_cast<const E&>(error))}});
          },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            const auto error = unpack<SavedError>(saved);
            if (!error) return;
            throw TaskErrorOf<E>(E(static_cast<Number>(error->code.value)), std::move(info));
          }};
}

}  // namespace

std::vector<ExceptionType> coded_exceptions() {
  return {with_code<std::filesystem::filesystem_error>(), with_code<std::ios_base::failure>(),
          with_code<std::system_error>(),
          with_number<std::future_error, std::future_errc>(
              [](const std::future_error& error) { return error.code().value(); }),
          with_number<std::regex_error, std::regex_constants::error_type>(
              [](const std::regex_error& error) { return static_cast<int>(error.code()); })};
}

}  // namespace manta::detail
