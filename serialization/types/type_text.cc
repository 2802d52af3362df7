#include "type_text.h"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "../../base/error.h"

namespace manta::serialization {

void TypeText::append_number(std::uint64_t number) { text_ += std::to_string(number); }

bool TypeText::begin_struct(const void* key, std::string_view name, std::string_view word) {
  const auto found = std::find(structs_.begin(), structs_.end(), key);
  if (found != structs_.end()) {
    text_ += '^';
    append_number(static_cast<std::uint64_t>(found - structs_.begin()));
    return false;
  }
  structs_.push_back(key);
  text_ += word;
  text_ += ' ';
  text_ += name;
  text_ += '{';
  return true;
}

void TypeText::member(std::string_view name) {
  if (text_.back() != '{') {
    text_ += ',';
  }
  text_ += name;
  text_ += ':';
}

void TypeText::end_struct() { text_ += '}'; }

// FNV-1a, then mixed by the finalizer of MurmurHash3.
std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
  hash ^= hash >> 33;
  return hash == 0 ? 1 : hash;
}

namespace {
std::atomic<KnownType*>& known_types() {
  static std::atomic<KnownType*> head = nullptr;
  return head;
}

thread_local const SchemaHint* schema_hint = nullptr;

}  // namespace

SchemaHint::SchemaHint(std::uint64_t fingerprint, std::string_view text)
    : fingerprint_(fingerprint), text_(text), before_(schema_hint) {
  schema_hint = this;
}

SchemaHint::~SchemaHint() { schema_hint = before_; }

KnownType::KnownType(std::uint64_t (*fingerprint_function)(), const std::string& (*text_function)())
    : fingerprint(fingerprint_function), text(text_function) {
  next = known_types().load(std::memory_order_relaxed);  // SYNC: none: the exchange below decides
  // SYNC: release: the record is complete before find_known() sees it.
  while (!known_types().compare_exchange_weak(next, this, std::memory_order_release)) {
  }
}

namespace {
template <class Match>
const std::string* find_known(Match match) {
  // SYNC: acquire: pairs with the push in KnownType's constructor.
  for (const KnownType* type = known_types().load(std::memory_order_acquire); type != nullptr;
       type = type->next) {
    if (match(*type)) {
      return &type->text();
    }
  }
  return nullptr;
}
}  // namespace

const std::string* known_text(std::uint64_t fingerprint) {
  return find_known([&](const KnownType& type) { return type.fingerprint() == fingerprint; });
}

const std::string* known_struct_text(std::string_view name) {
  return find_known([&](const KnownType& type) {
    std::string_view text = type.text();
    for (const std::string_view word : {"struct ", "reduced "}) {
      if (text.starts_with(word)) {
        text.remove_prefix(word.size());
        return text.starts_with(name) && text.substr(name.size()).starts_with("{");
      }
    }
    return false;
  });
}

std::string describe_fingerprint(std::uint64_t fingerprint) {
  if (const std::string* known = known_text(fingerprint)) {
    return *known;
  }
  if (schema_hint != nullptr && schema_hint->fingerprint_ == fingerprint) {
    // It comes from outside, and may be very long.
    return std::string(schema_hint->text_.substr(0, 1000));
  }
  char number[40];
  std::snprintf(number, sizeof number, "(unknown type %016llx)",
                static_cast<unsigned long long>(fingerprint));
  return number;
}

void type_mismatch(std::uint64_t found, const std::string& wanted) {
  throw SerializationError("the bytes hold another type: found " + describe_fingerprint(found) +
                           ", wanted " + wanted);
}

}  // namespace manta::serialization
