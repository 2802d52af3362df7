#include "answer.h"

#include <utility>

#include <asio/use_awaitable.hpp>

#include <manta/asio.h>

#include "tasks.h"

namespace http {

asio::awaitable<Answer> answer_to(const Request& request) {
  Answer answer;
  if (request.path == "/mandelbrot") {
    const View view{.x = number(request, "x", -0.5, -4, 4),
                    .y = number(request, "y", 0, -4, 4),
                    .zoom = number(request, "zoom", 1, 0.1, 1e12),
                    .size = static_cast<int>(number(request, "size", 400, 1, 1000))};
    answer.bytes = co_await manta::async_get(manta::remote(draw)(view), asio::use_awaitable);
    answer.type = "image/bmp";
  } else if (request.path == "/mean") {
    const auto n = static_cast<std::int64_t>(number(request, "n", 1'000'000, 1, 1e8));
    const double mean =
        co_await manta::async_get(manta::remote(mean_of_random)(n), asio::use_awaitable);
    answer.text =
        "the mean of " + std::to_string(n) + " random numbers is " + std::to_string(mean) + "\n";
  } else {
    throw Refusal(404, "there are /mandelbrot?x=-0.5&y=0&zoom=1&size=400 and /mean?n=1000000");
  }
  co_return answer;
}

}  // namespace http
