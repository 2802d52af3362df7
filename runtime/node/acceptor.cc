#include "acceptor.h"

#include <chrono>
#include <utility>

namespace manta::detail::node {

Acceptor::Acceptor(asio::io_context& io, const std::filesystem::path& path, Take take)
    : acceptor_(io, asio::local::stream_protocol::endpoint(path.string())),
      retry_(io),
      take_(std::move(take)) {
  accept();
}

void Acceptor::accept() {
  acceptor_.async_accept([this](asio::error_code error, Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      retry_.expires_after(std::chrono::seconds(1));
      retry_.async_wait([this](asio::error_code stopped) {
        if (!stopped) accept();
      });
      return;
    }
    take_(std::move(socket));
    accept();
  });
}

}  // namespace manta::detail::node
