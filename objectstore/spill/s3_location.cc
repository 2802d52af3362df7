#include "s3_location.h"

#include <algorithm>
#include <cstdlib>
#include <ranges>

#include "../../base/error.h"

namespace manta::objectstore {
namespace {

constexpr std::string_view kScheme = "s3://";

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string first_of(const char* one, const char* other) {
  const std::string value = variable(one);
  return value.empty() ? variable(other) : value;
}

std::string required(const char* name, std::string_view of) {
  std::string value = variable(name);
  if (value.empty()) {
    throw InvalidArgument("to spill to " + std::string(of) + " the environment must have " + name);
  }
  return value;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// As the signature has it: unreserved characters and slashes stay, the rest is percent-encoded with capital digits.
std::string encoded(std::string_view text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c) || c == '/') {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_bucket(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && is_lower_or_digit(name.front()) &&
         is_lower_or_digit(name.back()) && name.find("..") == std::string_view::npos &&
         std::ranges::all_of(name,
                             [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

// A URL's path must not have them: what reads it may go up.
bool has_dots_for_a_name(std::string_view path) {
  for (const auto part : std::views::split(path, '/')) {
    const std::string_view name(part.begin(), part.end());
    if (name == "." || name == "..") return true;
  }
  return false;
}

std::string base_of(const std::string& bucket, const std::string& region) {
  std::string endpoint = first_of("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (!endpoint.empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    throw InvalidArgument("AWS_ENDPOINT_URL is \"" + endpoint +
                          "\"; it must begin with http:// or https://");
  }
  // A password in it would be in every error.
  if (endpoint.find_first_of("@?# ") != std::string::npos) {
    throw InvalidArgument(
        "AWS_ENDPOINT_URL must be http://HOST:PORT or https://HOST:PORT, without a user, a "
        "question mark, "
        "a number sign or a blank");
  }
  if (!endpoint.empty()) return endpoint + "/" + bucket + "/";
  const std::string host =
      "s3." + region + (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
  // No certificate is for a name with more dots.
  if (bucket.find('.') != std::string::npos) return "https://" + host + "/" + bucket + "/";
  return "https://" + bucket + "." + host + "/";
}

}  // namespace

std::string S3Location::url_of(std::string_view key) const {
  return base + encoded(prefix) + encoded(key);
}

bool is_s3(std::string_view name) { return name.starts_with(kScheme); }

S3Location s3_location(std::string_view name) {
  const std::string_view path = name.substr(std::min(name.size(), kScheme.size()));
  const std::string bucket(path.substr(0, path.find('/')));
  if (!is_s3(name) || !is_bucket(bucket)) {
    throw InvalidArgument("\"" + std::string(name) +
                          "\" names no bucket: s3://BUCKET or s3://BUCKET/PREFIX is expected");
  }
  S3Location location;
  location.region = first_of("AWS_REGION", "AWS_DEFAULT_REGION");
  if (location.region.empty()) location.region = "us-east-1";
  if (!std::ranges::all_of(location.region,
                           [](char c) { return is_lower_or_digit(c) || c == '-'; })) {
    throw InvalidArgument("AWS_REGION is \"" + location.region +
                          "\"; letters, digits and hyphens are expected");
  }
  location.base = base_of(bucket, location.region);
  if (has_dots_for_a_name(path)) {
    throw InvalidArgument("\"" + std::string(name) +
                          "\" has \".\" or \"..\" for a name; name the place itself");
  }
  location.prefix = path.substr(std::min(path.size(), bucket.size() + 1));
  if (!location.prefix.empty() && !location.prefix.ends_with('/')) location.prefix += '/';
  location.key_id = required("AWS_ACCESS_KEY_ID", name);
  location.secret = required("AWS_SECRET_ACCESS_KEY", name);
  location.token = variable("AWS_SESSION_TOKEN");
  return location;
}

}  // namespace manta::objectstore
