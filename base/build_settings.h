// What Manta needs of the compiler, asked before anything else; and how a file says which standard
// library it was compiled against, because values of that library pass between the file and libmanta.
//
//   language, exceptions, rtti    asked here: one line of error, and the compiler stops
//   sizes of enums and structs    static_assert
//   the standard library          a note in each object file, "libstdc++, _GLIBCXX_DEBUG off, ...";
//                                 init() reads those of all images and refuses two different ones
//                                 (build_notes.h). A file with rare settings also needs a
//                                 symbol that only a libmanta built likewise has, so that the
//                                 linker refuses it: the name says both settings.
//
// A program whose settings are libmanta's own gets no code, no data and no symbol from here.
// The name of a file that does not exist ends the compilation at once, which #error does not.
#pragma once

#if defined(__clang__) && __clang_major__ < 16
#include <#error Manta needs Clang 16 or newer (or GCC 12): this one is older>
#elif !defined(__clang__) && defined(__GNUC__) && __GNUC__ < 12
#include <#error Manta needs GCC 12 or newer (or Clang 16): this one is older>
#endif
#if __cplusplus < 202002L
#include <#error Manta needs C++20: compile with -std=c++20>
#endif
#ifndef __cpp_exceptions
#include <#error Manta reports errors by exceptions: compile without -fno-exceptions>
#endif
#ifndef __cpp_rtti
#include <#error Manta needs to know the types of exceptions: compile without -fno-rtti>
#endif

#include <cstddef>  // the macros of the standard library

#if defined(_LIBCPP_VERSION)
#define MANTA_SETTING_LIBRARY "standard library libc++"
#else
#define MANTA_SETTING_LIBRARY "standard library libstdc++"
#endif
#if defined(_GLIBCXX_DEBUG)
#define MANTA_SETTING_DEBUG ", _GLIBCXX_DEBUG defined"
#else
#define MANTA_SETTING_DEBUG ", _GLIBCXX_DEBUG not defined"
#endif
#if defined(__GLIBCXX__) && !_GLIBCXX_USE_CXX11_ABI
#define MANTA_SETTING_STRING ", _GLIBCXX_USE_CXX11_ABI=0"
#elif defined(__GLIBCXX__)
#define MANTA_SETTING_STRING ", _GLIBCXX_USE_CXX11_ABI=1"
#else
#define MANTA_SETTING_STRING ""
#endif
#define MANTA_BUILD_SETTINGS MANTA_SETTING_LIBRARY MANTA_SETTING_DEBUG MANTA_SETTING_STRING

// One note for each kind of settings in an image: files that agree share it. R: no linker drops it.
__asm__(".pushsection .note.manta,\"aGR\",%note,\"manta: " MANTA_BUILD_SETTINGS
        "\",comdat\n"
        ".balign 4\n"
        ".long 6, 2f - 1f, 1\n"  // the sizes of the name and of the text, the type
        ".asciz \"Manta\"\n"
        ".balign 4\n"
        "1: .asciz \"" MANTA_BUILD_SETTINGS
        "\"\n"
        "2: .balign 4\n"
        ".popsection\n");

// What a file with rare settings needs; build_notes.cc defines it if the library has them too.
#if defined(_LIBCPP_VERSION)
#define MANTA_RARE_SETTING \
  manta_mismatch__this_file_uses_libcxx__but_libmanta_was_built_with_libstdcxx
#elif defined(_GLIBCXX_DEBUG) && !_GLIBCXX_USE_CXX11_ABI
#define MANTA_RARE_SETTING \
  manta_mismatch__this_file_has__GLIBCXX_DEBUG_and__GLIBCXX_USE_CXX11_ABI_0__but_libmanta_was_built_without
#elif defined(_GLIBCXX_DEBUG)
#define MANTA_RARE_SETTING \
  manta_mismatch__this_file_was_compiled_with__GLIBCXX_DEBUG__but_libmanta_was_built_without__GLIBCXX_DEBUG
#elif !_GLIBCXX_USE_CXX11_ABI
#define MANTA_RARE_SETTING \
  manta_mismatch__this_file_has__GLIBCXX_USE_CXX11_ABI_0__but_libmanta_was_built_with__GLIBCXX_USE_CXX11_ABI_1
#endif

#ifdef MANTA_RARE_SETTING
extern "C" const char MANTA_RARE_SETTING;
namespace manta::detail {
[[gnu::used]] inline const char* const needed_of_libmanta = &MANTA_RARE_SETTING;
}
#endif

namespace manta::detail {
enum Smallest { kSmallest };
static_assert(sizeof(Smallest) == sizeof(int), "Manta: compile without -fshort-enums");
struct Padded {
  char byte;
  int number;
};
static_assert(sizeof(Padded) == 2 * sizeof(int), "Manta: compile without -fpack-struct");
static_assert(sizeof(wchar_t) == 4, "Manta: compile without -fshort-wchar");

// The settings that this file is compiled with.
inline constexpr char kBuildSettings[] = MANTA_BUILD_SETTINGS;
}  // namespace manta::detail

#undef MANTA_SETTING_LIBRARY
#undef MANTA_SETTING_DEBUG
#undef MANTA_SETTING_STRING
#undef MANTA_BUILD_SETTINGS
