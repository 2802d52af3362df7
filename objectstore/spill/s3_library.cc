#include "s3_library.h"

#include <dlfcn.h>
#include <stdexcept>
#include <string>

namespace manta::objectstore {
namespace {

// 7.87.0 has the last of the options that s3_client.cc sets.
constexpr unsigned kOldestCurl = 0x075700;

// It is never unloaded.
class Loaded {
 public:
  explicit Loaded(const char* name) : name_(name), library_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (library_ == nullptr) {
      throw std::runtime_error(std::string("S3 needs ") + name + ": " + ::dlerror() +
                               "; on Debian it is in the packages libcurl4 and libssl3");
    }
  }

  template <class Function>
  void find(Function& function, const char* name) const {
    void* const found = ::dlsym(library_, name);
    if (found == nullptr) {
      throw std::runtime_error(std::string(name_) + " has no " + name + ": it is too old");
    }
    function = reinterpret_cast<Function>(found);
  }

 private:
  const char* const name_;
  void* const library_;
};

S3Library load() {
  S3Library all;
  const Loaded curl("libcurl.so.4");
  curl.find(all.easy_init, "curl_easy_init");
  curl.find(all.easy_reset, "curl_easy_reset");
  curl.find(all.easy_cleanup, "curl_easy_cleanup");
  curl.find(all.easy_setopt, "curl_easy_setopt");
  curl.find(all.easy_getinfo, "curl_easy_getinfo");
  curl.find(all.easy_strerror, "curl_easy_strerror");
  curl.find(all.multi_init, "curl_multi_init");
  curl.find(all.multi_cleanup, "curl_multi_cleanup");
  curl.find(all.multi_add_handle, "curl_multi_add_handle");
  curl.find(all.multi_remove_handle, "curl_multi_remove_handle");
  curl.find(all.multi_perform, "curl_multi_perform");
  curl.find(all.multi_poll, "curl_multi_poll");
  curl.find(all.multi_info_read, "curl_multi_info_read");
  curl.find(all.multi_strerror, "curl_multi_strerror");
  curl.find(all.slist_append, "curl_slist_append");
  curl.find(all.slist_free_all, "curl_slist_free_all");
  decltype(&::curl_version_info) version_info = nullptr;
  curl.find(version_info, "curl_version_info");
  const auto* const version = version_info(CURLVERSION_NOW);
  if (version->version_num < kOldestCurl) {
    throw std::runtime_error(std::string("S3 needs libcurl 7.87 or newer; this is ") +
                             version->version);
  }
  decltype(&::curl_global_init) global_init = nullptr;
  curl.find(global_init, "curl_global_init");
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw std::runtime_error("libcurl could not be initialized");
  }
  const Loaded crypto("libcrypto.so.3");
  crypto.find(all.md_new, "EVP_MD_CTX_new");
  crypto.find(all.md_free, "EVP_MD_CTX_free");
  crypto.find(all.sha256, "EVP_sha256");
  crypto.find(all.digest_init, "EVP_DigestInit_ex");
  crypto.find(all.digest_update, "EVP_DigestUpdate");
  crypto.find(all.digest_final, "EVP_DigestFinal_ex");
  return all;
}

}  // namespace

const S3Library& S3Library::get() {
  static const S3Library all = load();
  return all;
}

}  // namespace manta::objectstore
