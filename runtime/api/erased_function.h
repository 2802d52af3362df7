// RemoteFunction<R(A...)>: a remote function whose callable has been forgotten, so that only its signature is left. It
// is a serializable value: it can be stored, passed to a task and called there. See remote.h.
//
// Errors: InvalidArgument at the call, also if it is empty. Threads: it may be called from any thread.
#pragma once
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "../../base/error.h"
#include "closure_bytes.h"
#include "remote_function.h"

namespace manta {

namespace detail {

// Whether each argument is decoded as its parameter: the stub was chosen before the arguments are known.
template <class... Args, class... P>
constexpr bool as_declared(Types<P...>) {
  return (std::is_same_v<Plan<Args, P>, Decode<Holder<P>>> && ...);
}

// A call of a function of which no more than R and its parameters is known. `begin` adds what comes before the
// arguments.
template <class R, class Parameters, Unpacking How, class Begin, class... Args>
auto submit_declared(const CallSpec& spec, std::size_t n, const Begin& begin, Args&&... args) {
  using Check = CallCheck<R, Parameters, Args&&...>;
  if constexpr (!Check::fits()) {
    return explained<Check, R, How>();
  } else {
    static_assert(as_declared<Args&&...>(Parameters{}),
                  "a function known by its signature takes a ref only of the parameter's own type: "
                  "convert in a task of your own");
    CallBuilder call(spec);
    begin(call);
    pass_all<Parameters>(call, std::forward<Args>(args)...);
    return submit_as<R, How>(call, n);
  }
}

}  // namespace detail

// Called like a RemoteFunction<F>; but a ref argument must refer to the parameter's own type, or to one of the same
// encoding. A default-made one is empty: to call it throws InvalidArgument.
template <class R, class... P>
class RemoteFunction<R(P...)> : public detail::Callable<RemoteFunction<R(P...)>> {
 public:
  RemoteFunction() = default;
  template <class F>
    requires(!std::is_function_v<F>)
  RemoteFunction(const RemoteFunction<F>& other)
      : RemoteFunction(other.function(), other.options()) {}
  template <class F>
  RemoteFunction(const F& f, detail::OptionsRef options) : options_(std::move(options)) {
    if constexpr (std::is_pointer_v<F>) {
      stub_ = detail::identify_stub(
          detail::FunctionStub<F, detail::Decode<detail::Holder<P>>...>::stub());
      target_ = detail::identify_function(reinterpret_cast<std::uintptr_t>(f));
    } else if constexpr (!detail::state_travels<F>) {
      detail::explain_state<F>();
    } else {
      stub_ =
          detail::identify_stub(detail::ClosureStub<F, R, detail::Types<P...>,
                                                    detail::Decode<detail::Holder<P>>...>::stub());
      if constexpr (!detail::Stateless<F>) {
        detail::ClosureState<F>::save(
            f, [&](const auto& state) { state_ = detail::ClosureBytes::of(state); });
      }
    }
  }

  template <detail::Unpacking How, class... Args>
  auto submit(std::size_t n, Args&&... args) const {
    if (!*this) {
      throw InvalidArgument(
          "an empty RemoteFunction was called: it was made by its default constructor");
    }
    detail::CallSpec spec;
    spec.stub = stub_;
    spec.target = target_;
    spec.options = &options_;
    spec.gives_items = detail::is_generator<R>;
    const auto add_state = [this](detail::CallBuilder& call) {
      if (state_) state_.append_to(call);
    };
    return detail::submit_declared<R, detail::Types<P...>, How>(spec, n, add_state,
                                                                std::forward<Args>(args)...);
  }
  explicit operator bool() const { return stub_.image != 0; }

 private:
  friend struct serialization::Codec<RemoteFunction>;
  detail::CodeId stub_;
  detail::CodeId target_;  // of a function
  detail::ClosureBytes state_;
  detail::OptionsRef options_;
};

namespace detail {

// What travels of a RemoteFunction<R(A...)>, besides the closure's state.
struct RemoteFunctionParts {
  CodeId stub = {}, target = {};
  bool stateful = false, with_options = false;
  std::string name;
  double cpus = 0;
  Resources resources;
  int max_retries = 0;
  std::uint64_t max_buffered = 0;

  void set_options(const OptionsRef& options);
  OptionsRef options() const;
};

}  // namespace detail

template <class R, class... P>
struct serialization::Codec<RemoteFunction<R(P...)>> {
  using Parts = detail::RemoteFunctionParts;
  static void write(Writer& writer, const RemoteFunction<R(P...)>& f) {
    Parts parts;
    parts.stub = f.stub_;
    parts.target = f.target_;
    parts.stateful = static_cast<bool>(f.state_);
    parts.set_options(f.options_);
    {
      const Writer::Temporary temporary(writer);
      Codec<Parts>::write(writer, parts);
    }
    if (f.state_) f.state_.write(writer);
  }
  static RemoteFunction<R(P...)> read(Reader& reader) {
    const auto parts = Codec<Parts>::read(reader);
    RemoteFunction<R(P...)> f;
    f.stub_ = parts.stub;
    f.target_ = parts.target;
    f.options_ = parts.options();
    if (parts.stateful) f.state_ = detail::ClosureBytes::read(reader);
    return f;
  }
  static void describe(TypeText& text) {
    text.append("function ");
    text.append(kTypeName<R(P...)>);
  }
};

}  // namespace manta
