#include "http.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace http {
namespace {

[[noreturn]] void malformed(const std::string& what) { throw Refusal(400, what); }

// Takes what is before `end` off the text, and `end` as well.
std::string_view take(std::string_view& text, std::string_view end, const char* what) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) malformed(std::string("no ") + what);
  const auto taken = text.substr(0, at);
  text.remove_prefix(at + end.size());
  return taken;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

bool is_token(std::string_view text) {  // of RFC 9110
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f &&
           std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
  });
}

bool is_control(char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    std::uint8_t byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
      malformed("a % is not followed by two hexadecimal digits");
    }
    result += static_cast<char>(byte);
    i += 2;
  }
  return result;
}

void parse_target(std::string_view target, Request& request) {
  if (!target.starts_with('/')) malformed("the target does not begin with a slash");
  const bool plain =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain) malformed("the target holds characters that must be encoded");
  const auto mark = std::min(target.find('?'), target.size());
  request.path = decoded(target.substr(0, mark));
  for (auto rest = target.substr(std::min(mark + 1, target.size())); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto pair = rest.substr(0, end);
    const auto equal = std::min(pair.find('='), pair.size());
    request.query[decoded(pair.substr(0, equal))] =
        decoded(pair.substr(std::min(equal + 1, pair.size())));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void parse_version(std::string_view version, Request& request) {
  if (!version.starts_with("HTTP/")) malformed("no version of HTTP");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") throw Refusal(505, "only HTTP/1.1 and 1.0");
  request.keep_alive = version == "HTTP/1.1";
}

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

Request parse(std::string_view head) {
  Request request;
  auto line = take(head, "\r\n", "end of the first line");
  request.method = take(line, " ", "target");
  if (!is_token(request.method)) malformed("the method is no word");
  parse_target(take(line, " ", "version"), request);
  parse_version(line, request);
  bool host = !request.keep_alive;  // HTTP/1.0 does without
  while (!(line = take(head, "\r\n", "empty line after the header")).empty()) {
    const auto raw_name = take(line, ":", "colon in a line of the header");
    if (!is_token(raw_name)) malformed("the name of a header field is no word");
    const std::string name = lower(raw_name);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (std::any_of(line.begin(), line.end(), is_control)) malformed("a control character");
    const std::string value = lower(line.substr(0, line.find_last_not_of(" \t") + 1));
    if (name == "host") host = true;
    if (name == "connection" && value == "close") request.keep_alive = false;
    if (name == "connection" && value == "keep-alive") request.keep_alive = true;
    if (name == "transfer-encoding" || (name == "content-length" && value != "0")) {
      throw Refusal(413, "requests have no body here");
    }
  }
  if (!host) malformed("no Host");
  if (request.method != "GET" && request.method != "HEAD") {
    throw Refusal(405, "only GET and HEAD");
  }
  return request;
}

double number(const Request& request, const std::string& name, double otherwise, double least,
              double most) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return otherwise;
  const std::string& text = found->second;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !std::isfinite(value)) {
    malformed(name + " is no number");
  }
  if (value < least || value > most) {
    malformed(name + " must be from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

std::string text_of(const AnswerHead& head) {
  return "HTTP/1.1 " + std::to_string(head.status) + " " + reason_of(head.status) +
         "\r\nContent-Type: " + std::string(head.type) +
         "\r\nContent-Length: " + std::to_string(head.size) +
         (head.status == 405 ? "\r\nAllow: GET, HEAD" : "") +
         (head.keep_alive ? "" : "\r\nConnection: close") + "\r\n\r\n";
}

}  // namespace http
