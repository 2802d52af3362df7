// Code that travels: a function is named by the image (executable or shared library) that holds it and its offset
// there.
//
//   address --identify_*()--> (image, offset) --wire--> resolve_*() --> address in the other process
//
// The image is named by the first 8 bytes of its build id. An offset of a function is accepted only if the image's
// .eh_frame_hdr says that a function begins there; that of a stub, if static initialization has registered it.
// Errors:  InvalidArgument for an address that is no function of the program, but one of a system library for example.
// Threads: any.
#pragma once
#include <cstdint>
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

class CallContext;
using Stub = void (*)(CallContext&);

struct CodeId {
  std::uint64_t image = 0;
  std::uint64_t offset = 0;
  bool operator==(const CodeId&) const = default;
};

// No image has a number below 16 (kFirstImage in images.h). They have meanings of their own: 0 says that there is no
// code, 1 that the offset is a slot of a vtable, 2 that argument 0 of the call names the function (named_function.h).
inline constexpr std::uint64_t kVirtualMember = 1;
inline constexpr CodeId kCalledByName = {2, 0};

// One for each stub that is instantiated: static initialization makes it, and the stub is known from then on.
class StubRegistration {
 public:
  explicit StubRegistration(Stub stub);
};

CodeId identify_stub(Stub stub);
// Throws BuildMismatch if it is no stub of this program.
Stub resolve_stub(CodeId id);

// The address is of a function of the user's program, or of a shared library of the user's own.
CodeId identify_function(std::uintptr_t address);
// Throws BuildMismatch if no function begins there.
std::uintptr_t resolve_function(CodeId id);

// Of data that lies in an image, such as static variables; {} if it lies in none.
CodeId identify_data(std::uintptr_t address);
// 0 if the image is not loaded here, or ends before the offset.
std::uintptr_t resolve_data(CodeId id);

// A member function pointer as the Itanium C++ ABI (2.3) represents it: a virtual member is a slot of the vtable and
// not an address.
struct MemberPointer {
  std::uintptr_t pointer = 0;
  std::ptrdiff_t adjustment = 0;
};
CodeId identify_member(const MemberPointer& member);
std::uintptr_t resolve_member(CodeId id);

// The name of the function that holds `address`, demangled, without parameters; "0x..." when the symbols are stripped.
std::string function_name(std::uintptr_t address);
std::string demangled(const char* mangled);

}  // namespace manta::detail
