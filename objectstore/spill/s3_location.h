// Where objects are spilled to in S3: "s3://bucket/prefix", and what the AWS tools read from the environment beside it:
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION (us-east-1), and for
// other servers than Amazon's AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL ("http://host:9000").
//
// Threads: any. Errors: InvalidArgument: what is wrong with the name, or missing.
#pragma once
#include <string>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::objectstore {

struct S3Location {
  std::string base;  // the URL before a key, up to the slash
  std::string prefix = {};
  std::string region = {};
  std::string key_id = {};
  std::string secret = {};
  std::string token = {};  // empty: none

  std::string url_of(std::string_view key) const;
};

bool is_s3(std::string_view name);
S3Location s3_location(std::string_view name);

}  // namespace manta::objectstore
