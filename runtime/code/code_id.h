// Code that travels: a function is named by the image (executable or shared library) that holds it and its offset there.
//
//   address --identify()--> (image, offset) --wire--> resolve_*() --> address in the other process
//
// The image is named by the first 8 bytes of its build id. An offset is accepted only if it is the start of a function in
// the image's .eh_frame_hdr (functions), or a stub that static initialization registered (stubs).
// Errors: InvalidArgument when the address is no function of the program (a system library's, a virtual address, ...).
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

// Images below 16 are none: 0 says that there is no code, 1 that the offset is a vtable slot.
inline constexpr std::uint64_t kVirtualMember = 1;
// As a stub: argument 0 says which (named_function.h).
inline constexpr CodeId kCalledByName = {2, 0};
inline constexpr std::uint64_t kFirstImage = 16;

// A list that static initialization fills: one node per instantiated stub.
class StubRegistration {
 public:
  explicit StubRegistration(Stub stub);
};

CodeId identify_stub(Stub stub);
Stub resolve_stub(CodeId id);  // BuildMismatch: not a stub of this program

// `address` of a function of the user's program or of the user's own shared library.
CodeId identify_function(std::uintptr_t address);
std::uintptr_t resolve_function(CodeId id);  // BuildMismatch: not the start of a function

// Of data that lies in an image (statics, also of functions); {}: it lies in none.
CodeId identify_data(std::uintptr_t address);
std::uintptr_t resolve_data(CodeId id);  // 0: the image is not here, or ends before

// Member function pointers as the Itanium ABI represents them: a virtual member is a vtable slot, not an address.
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
