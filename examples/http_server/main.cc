// A server that answers HTTP from tasks: see README.md.
//
//   browser --GET /mandelbrot?zoom=20--> Server, one thread --remote(draw)--> worker
//           <------------- the image, from shared memory <--co_await async_get--/
//
//   $ http_server [port]
#include <charconv>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string_view>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <manta/manta.h>

#include "server.h"

namespace {

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, port);
  if (text.empty() || read.ec != std::errc() || read.ptr != end) {
    throw std::invalid_argument("usage: http_server [port], 0 for any that is free");
  }
  return port;
}

void serve(std::uint16_t port) {
  auto session = manta::init();
  asio::io_context io;
  http::Server server(io, port);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](asio::error_code, int) {
    std::cout << "finishing what is under way; once more to end at once\n" << std::flush;
    server.stop();
    signals.async_wait([&](asio::error_code error, int) {
      if (!error) io.stop();
    });
  });
  std::cout << "http://127.0.0.1:" << server.port() << "/mandelbrot\n" << std::flush;
  while (!server.ended() && io.run_one() != 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    serve(port_of(argc > 1 ? argv[1] : "8080"));
  } catch (const std::exception& error) {
    std::cerr << "http_server: " << error.what() << "\n";
    return 1;
  }
}
