// As much of HTTP/1.1 as a server of small answers needs: GET and HEAD, without bodies.
//
// Errors: Refusal, with the status that tells the client.
#pragma once
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace http {

inline constexpr std::size_t kLongestHead = 8192;  // bytes

struct Request {
  std::string method;
  std::string path;
  std::map<std::string, std::string> query;  // decoded
  bool keep_alive = true;
};

class Refusal : public std::runtime_error {
 public:
  Refusal(int status, const std::string& why) : std::runtime_error(why), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// `head` ends with the empty line.
Request parse(std::string_view head);

// A number of the query, between both bounds; `otherwise` where it is not given.
double number(const Request& request, const std::string& name, double otherwise, double least,
              double most);

struct AnswerHead {
  int status = 200;
  std::string_view type;
  std::size_t size = 0;  // of the body
  bool keep_alive = true;
};
std::string text_of(const AnswerHead& head);

}  // namespace http
