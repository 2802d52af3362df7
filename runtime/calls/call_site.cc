#include "call_site.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

#include "../../base/thread_own.h"
#include "../code/names.h"
#include "../wire/task_shape.h"

namespace manta::detail {
namespace {

const TaskOptions* default_options() {
  static const TaskOptions defaults;
  return &defaults;
}

const TaskOptions* options_of(const CallSpec& spec) {
  return spec.options == nullptr ? nullptr : spec.options->get();
}

std::string_view name_of(const CallSpec& spec) {
  const TaskOptions* const options = options_of(spec);
  return options == nullptr || options->name.empty() ? spec.name : std::string_view(options->name);
}

const std::optional<Timeout>& deadline_of(const CallSpec& spec) {
  const TaskOptions* const options = options_of(spec);
  return options == nullptr ? spec.deadline : options->deadline;
}

// The records of a thread's last calls, by a few bits of a hash.
constexpr std::size_t kRemembered = 32;

std::size_t place_of(std::uint64_t sum) {
  static_assert(std::uint64_t{kRemembered} - 1 == ~std::uint64_t{0} >> 59);
  return sum * 0x9e3779b97f4a7c15ULL >> 59;
}

std::uint64_t address_of(const TaskOptions* options) {
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(options));
}

struct SitesBySpec {
  base::Ref<const CallSite>& of(const CallSpec& spec) {
    return sites[place_of(spec.stub.offset ^ spec.target.offset << 20 ^
                          address_of(options_of(spec)))];
  }
  std::array<base::Ref<const CallSite>, kRemembered> sites;
};

struct SitesByKey {
  struct Known {
    CallKey key;
    base::Ref<const CallSite> site;
  };
  Known& of(const CallKey& key) {
    return known[place_of(reinterpret_cast<std::uintptr_t>(key.stub) ^ key.target << 20 ^
                          address_of(key.options))];
  }
  std::array<Known, kRemembered> known;
};

}  // namespace

CallSite::CallSite(const CallSpec& spec)
    : given_options_(spec.options == nullptr ? nullptr : *spec.options),
      options_(given_options_ ? given_options_.get() : default_options()),
      elements_(spec.elements),
      name_(name_of(spec)),
      deadline_(deadline_of(spec)),
      plain_(detail::is_plain(*options_)) {
  frame_.kind = spec.kind;
  frame_.last_attempt = options_->max_retries == 0 ? 1 : 0;
  frame_.stub_image = spec.stub.image;
  frame_.stub_offset = spec.stub.offset;
  frame_.target_image = spec.target.image;
  frame_.target_offset = spec.target.offset;
  frame_.adjustment = spec.adjustment;
  frame_.object_offset = spec.object_offset;
  frame_.name_size = static_cast<std::uint32_t>(name_.size());
  if (spec.kind == CallKind::kMethod) return;
  frame_.cpus = options_->cpus;
  frame_.gpus = static_cast<std::uint16_t>(std::ceil(options_->gpus));
}

bool CallSite::is_of(const CallSpec& spec) const {
  return frame_.stub_offset == spec.stub.offset && frame_.target_offset == spec.target.offset &&
         frame_.stub_image == spec.stub.image && frame_.target_image == spec.target.image &&
         frame_.kind == spec.kind && frame_.adjustment == spec.adjustment &&
         frame_.object_offset == spec.object_offset && given_options_.get() == options_of(spec) &&
         deadline_ == deadline_of(spec) && elements_ == spec.elements && name_ == name_of(spec);
}

base::Ref<const CallSite> CallSite::of(const CallSpec& spec) {
  SitesBySpec* const sites = base::ThreadOwn<SitesBySpec>::get();
  if (sites == nullptr) return base::make_ref<const CallSite>(spec);
  auto& site = sites->of(spec);
  if (!site || !site->is_of(spec)) site = base::make_ref<const CallSite>(spec);
  return site;
}

base::Ref<const CallSite> CallSite::known(const CallKey& key) {
  SitesByKey* const sites = base::ThreadOwn<SitesByKey>::get();
  if (sites == nullptr) return {};
  const auto& found = sites->of(key);
  return found.key == key ? found.site : nullptr;
}

void CallSite::remember(const CallKey& key, base::Ref<const CallSite> site) {
  SitesByKey* const sites = base::ThreadOwn<SitesByKey>::get();
  if (sites != nullptr) sites->of(key) = {key, std::move(site)};
}

std::string CallSite::display_name() const { return detail::display_name(frame_, name_); }

}  // namespace manta::detail
