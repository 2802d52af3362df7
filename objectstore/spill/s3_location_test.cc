#include "s3_location.h"

#include <cstdlib>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"

namespace manta::objectstore {
namespace {

using testing::HasSubstr;

class S3LocationTest : public testing::Test {
 protected:
  S3LocationTest() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION",
          "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
      const char* const value = std::getenv(name);
      if (value != nullptr) before_[name] = value;
      ::unsetenv(name);
    }
    set("AWS_ACCESS_KEY_ID", "key");
    set("AWS_SECRET_ACCESS_KEY", "secret");
  }
  ~S3LocationTest() override {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION",
                             "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
      ::unsetenv(name);
    }
    for (const auto& [name, value] : before_) set(name.c_str(), value.c_str());
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
  static std::string url(const char* name) { return s3_location(name).url_of("1"); }
  static std::string refusal(const char* name) {
    try {
      (void)s3_location(name);
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "none";
  }

 private:
  std::map<std::string, std::string> before_;
};

TEST_F(S3LocationTest, IsAmazonsUnlessAnEndpointIsGiven) {
  EXPECT_EQ(url("s3://bucket"), "https://bucket.s3.us-east-1.amazonaws.com/1");
  EXPECT_EQ(url("s3://with.dots/a/b"), "https://s3.us-east-1.amazonaws.com/with.dots/a/b/1");
  set("AWS_DEFAULT_REGION", "eu-west-3");
  EXPECT_EQ(url("s3://bucket"), "https://bucket.s3.eu-west-3.amazonaws.com/1");
  set("AWS_REGION", "eu-north-1");
  EXPECT_EQ(url("s3://bucket/"), "https://bucket.s3.eu-north-1.amazonaws.com/1");
  set("AWS_REGION", "cn-north-1");
  EXPECT_EQ(url("s3://bucket"), "https://bucket.s3.cn-north-1.amazonaws.com.cn/1");
  set("AWS_ENDPOINT_URL", "http://host:9000/");
  EXPECT_EQ(url("s3://bucket/p"), "http://host:9000/bucket/p/1");
  set("AWS_ENDPOINT_URL_S3", "https://other");
  EXPECT_EQ(url("s3://bucket/p/"), "https://other/bucket/p/1");
}

TEST_F(S3LocationTest, KeysAreEncodedAsTheyAreSigned) {
  EXPECT_EQ(url("s3://bucket/a b+c=\xc3\xa4~_.-/%"),
            "https://bucket.s3.us-east-1.amazonaws.com/a%20b%2Bc%3D%C3%A4~_.-/%25/1");
}

TEST_F(S3LocationTest, WhatIsWrongIsSaid) {
  EXPECT_THAT(refusal("s3://"), HasSubstr("names no bucket"));
  EXPECT_THAT(refusal("s3://Bucket/x"), HasSubstr("s3://BUCKET/PREFIX"));
  EXPECT_THAT(refusal("s3://a..b"), HasSubstr("names no bucket"));
  EXPECT_THAT(refusal("s3://bucket/a/../b"), HasSubstr("has \".\" or \"..\" for a name"));
  set("AWS_REGION", "eu west");
  EXPECT_THAT(refusal("s3://bucket"), HasSubstr("\"eu west\"; letters, digits and hyphens"));
  set("AWS_REGION", "eu-west-1");
  set("AWS_ENDPOINT_URL", "http://user:password@host");
  EXPECT_THAT(refusal("s3://bucket"),
              AllOf(HasSubstr("without a user"), Not(HasSubstr("password"))));
  set("AWS_ENDPOINT_URL", "host:9000");
  EXPECT_THAT(refusal("s3://bucket"), HasSubstr("\"host:9000\"; it must begin with http://"));
  set("AWS_ENDPOINT_URL", "");
  set("AWS_SECRET_ACCESS_KEY", "");
  EXPECT_THAT(refusal("s3://bucket"), HasSubstr("AWS_SECRET_ACCESS_KEY"));
}

}  // namespace
}  // namespace manta::objectstore
