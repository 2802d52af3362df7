// The types of exceptions that travel between processes as themselves: the standard ones, Manta's, and those that were
// registered. An exception of any other type travels as its nearest base among them.
//
// Threads: any. A registration holds for its process only.
#pragma once
#include <exception>
#include <span>
#include <string>
#include <typeinfo>
#include <vector>

#include "../../base/error.h"
#include "../../serialization/bytes.h"
#include "../wire/error_record.h"

namespace manta::detail {

// How exceptions of one type travel.
struct ExceptionType {
  const std::type_info* type = nullptr;
  bool (*matches)(const std::exception&) = nullptr;
  std::vector<std::byte> (*save)(const std::exception&) = nullptr;
  // Throws a TaskErrorOf the type.
  void (*raise)(std::span<const std::byte> saved, TaskErrorInfo info) = nullptr;
  // Errors of this kind are exceptions of this type; task_error: of no kind of Manta's own errors.
  ErrorKind kind = ErrorKind::kTaskError;
  void (*throw_it)(const std::string& message) = nullptr;
};
// Does nothing if the type is known.
void add_exception_type(const ExceptionType& type);

template <class E>
ExceptionType exception_type() {
  return {&typeid(E),
          [](const std::exception& error) { return dynamic_cast<const E*>(&error) != nullptr; },
          [](const std::exception& error) {
            const Bytes bytes = serialize(dynamic_cast<const E&>(error));
            return std::vector<std::byte>(bytes.data(), bytes.data() + bytes.size());
          },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            throw TaskErrorOf<E>(deserialize<E>(Bytes(saved)), std::move(info));
          }};
}

// Whether `type` is `base`, or derives from it.
bool derives_from(const std::type_info& type, const std::type_info& base);

// What travels of the exception: the mangled name of the known type, a zero byte, and what the type has saved. Empty
// when no type is known, or when it cannot be saved: its type's name and its what() remain.
std::vector<std::byte> save_exception(const std::exception& error);
// Throws it again, as a TaskErrorOf the type; returns if that cannot be made here.
void throw_saved(std::span<const std::byte> saved, TaskErrorInfo info);
// The kind of errors that are exceptions of this type; kRuntimeError for what is of no kind of Manta's own.
ErrorKind kind_of(const std::exception& error);
// Throws what errors of this kind are; returns if they have no type of their own.
void throw_kind(ErrorKind kind, const std::string& message);

}  // namespace manta::detail
