// Bytes from outside are never called: only an offset at which a function begins, or a stub that is registered.
#include "code_id.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "images.h"

namespace manta::detail {
namespace {

[[gnu::noinline]] int twice(int x) { return 2 * x; }
void known_stub(CallContext&) {}
void unknown_stub(CallContext&) {}
const StubRegistration registration(known_stub);
int data = 0;

std::uintptr_t address_of_twice() { return reinterpret_cast<std::uintptr_t>(&twice); }

TEST(CodeId, AFunctionIsFoundAgainByItsImageAndOffset) {
  const CodeId id = identify_function(address_of_twice());
  EXPECT_EQ(id.image, image_of_program().id);
  EXPECT_EQ(resolve_function(id), address_of_twice());
  EXPECT_EQ(identify_member({.pointer = address_of_twice()}), id);
}

TEST(CodeId, AnOffsetInsideAFunctionIsRefused) {
  CodeId id = identify_function(address_of_twice());
  ++id.offset;
  EXPECT_THROW(resolve_function(id), BuildMismatch);
  EXPECT_THROW(identify_function(address_of_twice() + 1), InvalidArgument);
  id.offset = UINT64_MAX / 2;
  EXPECT_THROW(resolve_function(id), BuildMismatch);
}

TEST(CodeId, AnImageThatIsNotHereIsRefused) {
  CodeId id = identify_function(address_of_twice());
  id.image = ~id.image;
  EXPECT_THROW(resolve_function(id), BuildMismatch);
  EXPECT_THROW(resolve_stub(id), BuildMismatch);
  EXPECT_EQ(resolve_data(id), 0U);
}

TEST(CodeId, AStubIsCalledOnlyIfItIsRegistered) {
  EXPECT_EQ(resolve_stub(identify_stub(known_stub)), &known_stub);
  EXPECT_THROW(resolve_stub(identify_stub(unknown_stub)), BuildMismatch);
  EXPECT_THROW(resolve_stub(identify_function(address_of_twice())), BuildMismatch);
}

TEST(CodeId, DataBehindTheEndOfItsImageIsNone) {
  CodeId id = identify_data(reinterpret_cast<std::uintptr_t>(&data));
  EXPECT_EQ(resolve_data(id), reinterpret_cast<std::uintptr_t>(&data));
  const Image program = image_of_program();
  id.offset = program.end - program.base;
  EXPECT_EQ(resolve_data(id), 0U);
  const int on_stack = 0;
  EXPECT_EQ(identify_data(reinterpret_cast<std::uintptr_t>(&on_stack)), CodeId{});
}

TEST(CodeId, AVirtualMemberIsASlotOfATableOfBoundedSize) {
  const CodeId slot = identify_member({.pointer = 17});
  EXPECT_EQ(slot, (CodeId{kVirtualMember, 17}));
  EXPECT_EQ(resolve_member(slot), 17U);
  for (const std::uint64_t offset : {std::uint64_t{16}, std::uint64_t{1} << 32}) {
    EXPECT_THROW(resolve_member({kVirtualMember, offset}), SerializationError) << offset;
  }
}

}  // namespace
}  // namespace manta::detail
