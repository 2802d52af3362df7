// From a request to a task, and from its result to an answer.
//
//   request --remote(draw)--> ObjectRef --co_await async_get--> Answer       the thread serves others meanwhile
#pragma once
#include <cstdint>
#include <string>

#include <asio/awaitable.hpp>

#include <manta/manta.h>

#include "http.h"

namespace http {

struct Answer {
  int status = 200;
  std::string type = "text/plain";
  std::string text = {};                  // the body is this,
  manta::Array<std::uint8_t> bytes = {};  // then this, sent from where the task wrote it
};

// Throws Refusal, and what the task throws.
asio::awaitable<Answer> answer_to(const Request& request);

}  // namespace http
