// The example that serves HTTP: many connections at once, requests that are malformed, and its end.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <asio.hpp>
#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "http.h"
#include "server.h"
#include "shell.h"

namespace http {
namespace {

using asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string get_request(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: here\r\n" + more + "\r\n";
}

class Client {
 public:
  explicit Client(std::uint16_t port) {
    socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
  }
  void send(const std::string& text) {
    asio::error_code closed;  // it may answer and close before all is sent
    asio::write(socket_, asio::buffer(text), closed);
  }
  // The next answer: its head and its body.
  std::pair<std::string, std::string> receive() {
    const auto size = asio::read_until(socket_, asio::dynamic_buffer(received_), "\r\n\r\n");
    std::string head = take(size);
    const std::string field = "Content-Length: ";
    const std::size_t length = std::stoul(head.substr(head.find(field) + field.size()));
    if (received_.size() < length) {
      asio::read(socket_, asio::dynamic_buffer(received_),
                 asio::transfer_exactly(length - received_.size()));
    }
    return {std::move(head), take(length)};
  }
  std::pair<std::string, std::string> ask(const std::string& text) {
    send(text);
    return receive();
  }
  bool closed_by_server() {
    asio::error_code error;
    char byte = 0;
    asio::read(socket_, asio::buffer(&byte, 1), error);
    return error == asio::error::eof || error == asio::error::connection_reset;
  }

 private:
  std::string take(std::size_t size) {
    std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  asio::io_context io_;
  tcp::socket socket_{io_};
  std::string received_;
};

class HttpServer : public manta::testing::ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
    io_.emplace();
    server_.emplace(*io_, std::uint16_t{0});
    port_ = server_->port();
    thread_ = std::thread([this] {
      while (!server_->ended() && io_->run_one() != 0) {
      }
    });
  }
  void TearDown() override {
    stop();
    server_.reset();
    io_.reset();
    ClusterTest::TearDown();
  }
  void stop() {
    if (!thread_.joinable()) return;
    asio::post(*io_, [this] { server_->stop(); });
    thread_.join();
  }
  std::uint16_t port() const { return port_; }

 private:
  std::optional<asio::io_context> io_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(HttpServer, AnswersManyConnectionsAtOnceFromTasks) {
  constexpr int kClients = 8, kRequests = 25;
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < kClients; ++c) {
    clients.emplace_back([&, c] {
      Client client(port());
      for (int i = 1; i <= kRequests; ++i) {
        if ((c + i) % 2 == 0) {
          const auto n = std::to_string(1000 * c + i);
          const auto [head, body] = client.ask(get_request("/mean?n=" + n));
          EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
          EXPECT_THAT(body, StartsWith("the mean of " + n + " random numbers is 0."));
        } else {
          const auto [head, body] =
              client.ask(get_request("/mandelbrot?size=" + std::to_string(i) + "&zoom=1e3&x=-.7"));
          EXPECT_THAT(head, HasSubstr("Content-Type: image/bmp\r\n"));
          const auto row = static_cast<std::size_t>(i + 3) / 4 * 4;
          EXPECT_EQ(body.size(), 1078 + row * static_cast<std::size_t>(i));
          EXPECT_THAT(body, StartsWith("BM"));
        }
        ++answered;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, kClients * kRequests);
}

TEST_F(HttpServer, AnswersRequestsThatCameTogetherInTheirOrder) {
  Client client(port());
  client.send(get_request("/mean?n=1") + "HEAD /mandelbrot HTTP/1.1\r\nHost:x\r\n\r\n" +
              get_request("/nowhere"));
  EXPECT_THAT(client.receive().second, HasSubstr("the mean of 1 "));
  asio::io_context io;
  Client other(port());
  other.send("GET /me");  // in pieces
  other.send("an?n=2 HTTP/1.0\r\n\r");
  other.send("\n");
  EXPECT_THAT(other.receive().second, HasSubstr("the mean of 2 "));
  EXPECT_TRUE(other.closed_by_server());  // as HTTP/1.0 does
}

TEST_F(HttpServer, RefusesWhatIsMalformedAndGoesOn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\r\n\r\n", "400"},
      {"nonsense\r\n\r\n", "400"},
      {"GET /mean\r\n\r\n", "400"},
      {"GET mean HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"GET /mean HTTP/1.1\r\n\r\n", "400"},  // no Host
      {"GET /mean HTTP/1.1\r\nHost\r\n\r\n", "400"},
      {"GET /mean HTTP/1.1\r\nHo st: x\r\n\r\n", "400"},
      {"GET /mean HTTP/1.1\r\nHost: x\n y\r\n\r\n", "400"},
      {"GET /mean HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
      {"G\"T /mean HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {get_request("/mean?n=%"), "400"},
      {get_request("/mean?n=%zz"), "400"},
      {get_request("/mean?n="), "400"},
      {get_request("/mean?n=1e99"), "400"},
      {get_request("/mean?n=nan"), "400"},
      {get_request("/mean?n=3x"), "400"},
      {get_request("/mandelbrot?size=0"), "400"},
      {get_request("/mandelbrot?zoom=inf"), "400"},
      {get_request("/mean\x01"), "400"},
      {get_request("/"), "404"},
      {"DELETE /mean HTTP/1.1\r\nHost: x\r\n\r\n", "405"},
      {"POST /mean HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "413"},
      {get_request("/mean", "Transfer-Encoding: chunked\r\n"), "413"},
      {get_request("/mean", "Long: " + std::string(10'000, 'x') + "\r\n"), "431"},
      {std::string(100'000, 'x'), "431"},
  };
  for (const auto& [request, status] : cases) {
    Client client(port());
    const auto [head, body] = client.ask(request);
    EXPECT_THAT(head, StartsWith("HTTP/1.1 " + status + " ")) << request.substr(0, 100);
    EXPECT_THAT(body, EndsWith("\n")) << request.substr(0, 100);
  }
  Client client(port());
  EXPECT_THAT(client.ask(get_request("/mean?n=4%30")).second, HasSubstr("the mean of 40 "));
  EXPECT_THAT(client.ask(get_request("/elsewhere")).first, HasSubstr(" 404 "));
  EXPECT_THAT(client.ask(get_request("/mean?n=5", "Connection: close\r\n")).first,
              HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(HttpServer, ItsEndAnswersWhatIsUnderWayAndClosesTheRest) {
  Client idle(port()), busy(port()), gone(port());
  EXPECT_THAT(idle.ask(get_request("/mean?n=1")).first, HasSubstr("200"));
  gone.send(get_request("/mean?n=100000"));
  { const Client leaves(port()); }
  busy.send(get_request("/mean?n=20000000"));
  std::thread reader([&] {
    const auto [head, body] = busy.receive();
    EXPECT_THAT(body, StartsWith("the mean of 20000000"));
    EXPECT_TRUE(busy.closed_by_server());
  });
  // The request that comes after it on another connection is answered: by then the server has read this one.
  Client later(port());
  EXPECT_THAT(later.ask(get_request("/nowhere")).first, HasSubstr("404"));
  stop();
  reader.join();
  EXPECT_TRUE(idle.closed_by_server());
}

TEST(HttpServerProgram, EndsBySigint) {
  const auto run = manta::testing::in_shell(
      std::string("exec 2>&1; f=$(mktemp); ") + HTTP_SERVER + " 0 > $f & pid=$!; " +
      "while ! grep -q http:// $f; do :; done; kill -INT $pid; wait $pid; echo ended $?; "
      "cat $f; rm $f; " +
      HTTP_SERVER + " 80x; echo refused $?");
  EXPECT_THAT(run.said, HasSubstr("ended 0\nhttp://127.0.0.1:"));
  EXPECT_THAT(run.said, HasSubstr("usage: http_server [port]"));
  EXPECT_THAT(run.said, EndsWith("refused 1\n"));
}

}  // namespace
}  // namespace http
