// The images of this process: by address, by id, and those that are loaded later.
#include "images.h"

#include <cstdint>
#include <dlfcn.h>
#include <link.h>
#include <memory>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

int in_the_program = 0;

std::uintptr_t address_of(const void* what) { return reinterpret_cast<std::uintptr_t>(what); }

TEST(Images, TheProgramIsFoundByAnAddressInItAndByItsId) {
  const Image program = image_of_program();
  ASSERT_GE(program.id, kFirstImage);
  EXPECT_TRUE(program.path.empty());
  const Image found = image_of(address_of(&in_the_program));
  EXPECT_EQ(found.id, program.id);
  EXPECT_EQ(found.base, program.base);
  EXPECT_NE(found.frame_table, 0U);
  EXPECT_EQ(image_named(program.id).begin, program.begin);
}

TEST(Images, AnUnknownIdIsEmpty) {
  for (std::uint64_t id = 0; id < kFirstImage; ++id) EXPECT_EQ(image_named(id).id, 0U) << id;
  const std::uint64_t of_nobody = ~image_of_program().id;
  EXPECT_EQ(image_named(of_nobody).id, 0U);
  EXPECT_EQ(image_named(of_nobody).end, 0U);
}

TEST(Images, AnAddressOutsideOfAllImagesIsInNone) {
  const auto on_heap = std::make_unique<int>(0);
  const int on_stack = 0;
  EXPECT_EQ(image_of(0).id, 0U);
  EXPECT_EQ(image_of(address_of(on_heap.get())).id, 0U);
  EXPECT_EQ(image_of(address_of(&on_stack)).id, 0U);
}

TEST(Images, ALibraryThatIsLoadedLaterIsFound) {
  const Image program = image_of_program();                 // now the images have been read
  void* const library = ::dlopen("libanl.so.1", RTLD_NOW);  // of the C library, and nobody's choice
  ASSERT_NE(library, nullptr) << ::dlerror();
  link_map* map = nullptr;
  ASSERT_EQ(::dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
  const Image found = image_of(address_of(map->l_ld));
  EXPECT_NE(found.path.find("libanl"), std::string::npos);
  EXPECT_NE(found.id, program.id);
  EXPECT_EQ(image_named(found.id).base, map->l_addr);
  ::dlclose(library);
}

}  // namespace
}  // namespace manta::detail
