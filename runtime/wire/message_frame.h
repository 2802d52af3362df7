// How a message between a process and its node lies in a ring. Nothing else writes or reads these bytes.
//
//   MessageHead | the struct, padded to 8 | payload
//
// A message is a trivially copyable struct of a MessageList, which numbers the kinds. One that carries more names its
// Payload: std::span<const std::byte>, or std::string_view for a text.
// Both ends are one program, so the layout is the compiler's. Threads: any. Errors: read_message() says false.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "../../serialization/types/type_name.h"

namespace manta::detail {

struct MessageHead {
  std::uint32_t kind = 0;
  std::uint32_t payload_size = 0;
};

struct NoPayload {};

template <class M>
concept HasPayload = requires { typename M::Payload; };

template <class M>
struct PayloadOfMessage {
  using type = NoPayload;
};
template <HasPayload M>
struct PayloadOfMessage<M> {
  using type = typename M::Payload;
};
template <class M>
using PayloadOf = typename PayloadOfMessage<M>::type;

// What the struct takes in the frame: the payload behind it is aligned, too.
template <class M>
inline constexpr std::size_t kBodySize = std::is_empty_v<M> ? 0 : (sizeof(M) + 7) & ~std::size_t{7};

// The messages of one direction. Kinds are counted from kFirst, in this order.
template <std::uint32_t kFirst, class... Ms>
class MessageList {
  static_assert((std::is_trivially_copyable_v<Ms> && ...) && ((alignof(Ms) <= 8) && ...));

 public:
  template <class M>
  static constexpr bool has = (std::is_same_v<M, Ms> || ...);

  template <class M>
  static constexpr std::uint32_t kind() {
    static_assert(has<M>, "this message goes the other way");
    std::uint32_t kind = kFirst;
    static_cast<void>((... && (!std::is_same_v<M, Ms> && ++kind != 0)));
    return kind;
  }

  // "LeaseWant"; for a number that is no kind: "no message that goes this way".
  static constexpr std::string_view name(std::uint32_t kind) {
    constexpr std::string_view kNames[] = {serialization::kShortName<Ms>...};
    const std::uint32_t index = kind - kFirst;
    return index < sizeof...(Ms) ? kNames[index] : "no message that goes this way";
  }

  // As read_message(), of what follows the head.
  template <class Handler>
  static bool read(const MessageHead& head, std::span<const std::byte> rest, Handler& handler) {
    using Reader = bool (*)(const MessageHead&, std::span<const std::byte>, Handler&);
    static constexpr Reader kReaders[] = {&read_one<Ms, Handler>...};
    const std::uint32_t index = head.kind - kFirst;
    return index < sizeof...(Ms) && kReaders[index](head, rest, handler);
  }

 private:
  template <class M, class Handler>
  static bool read_one(const MessageHead& head, std::span<const std::byte> rest, Handler& handler) {
    if (rest.size() < kBodySize<M> || rest.size() - kBodySize<M> != head.payload_size) return false;
    M message;
    if constexpr (!std::is_empty_v<M>) std::memcpy(&message, rest.data(), sizeof message);
    if constexpr (HasPayload<M>) {
      using Byte = typename M::Payload::value_type;
      handler(message,
              typename M::Payload(reinterpret_cast<const Byte*>(rest.data() + kBodySize<M>),
                                  head.payload_size));
    } else {
      if (head.payload_size != 0) return false;
      handler(message);
    }
    return true;
  }
};

template <class M>
std::uint32_t message_size(PayloadOf<M> payload) {
  std::size_t size = sizeof(MessageHead) + kBodySize<M>;
  if constexpr (HasPayload<M>) size += payload.size();
  return static_cast<std::uint32_t>(size);
}

// `to` has room for message_size() bytes.
template <class List, class M>
void write_message(std::byte* to, const M& message, PayloadOf<M> payload) {
  MessageHead head{.kind = List::template kind<M>()};
  if constexpr (HasPayload<M>) head.payload_size = static_cast<std::uint32_t>(payload.size());
  std::memcpy(to, &head, sizeof head);
  if constexpr (!std::is_empty_v<M>) std::memcpy(to + sizeof head, &message, sizeof message);
  if constexpr (HasPayload<M>) {
    if (!payload.empty()) {
      std::memcpy(to + sizeof head + kBodySize<M>, payload.data(), payload.size());
    }
  }
}

// Calls handler(message) or handler(message, payload), with a copy of the struct. False: it is none of the List, or
// its size is another than it says.
template <class List, class Handler>
bool read_message(std::span<const std::byte> bytes, Handler&& handler) {
  MessageHead head;
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  return List::read(head, bytes.subspan(sizeof head), handler);
}

}  // namespace manta::detail
