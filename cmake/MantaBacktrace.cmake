# libbacktrace, which comes with GCC: function, file and line of an address. It lies in GCC's own folder,
# where Clang finds the library but not the header. Its objects become part of libmanta.a, so that who
# links Manta needs nothing more. Where GCC came without it, stacks have functions and no lines.
# One sorting in it is replaced: see manta_backtrace_qsort in runtime/code/addresses.cc.
#
#   MANTA_BACKTRACE_OBJECTS   for libmanta.a; programs inside the tree get an archive of it by manta_internal

set(MANTA_BACKTRACE_OBJECTS "")
foreach(compiler IN ITEMS ${CMAKE_CXX_COMPILER} g++)
  execute_process(COMMAND ${compiler} -print-file-name=libbacktrace.a
    OUTPUT_VARIABLE archive OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  cmake_path(GET archive PARENT_PATH folder)
  if(IS_ABSOLUTE "${archive}" AND EXISTS ${folder}/include/backtrace.h)
    break()
  endif()
  set(archive "")
endforeach()

if(archive)
  set(backtrace_dir ${PROJECT_BINARY_DIR}/backtrace)
  file(COPY ${folder}/include/backtrace.h DESTINATION ${backtrace_dir}/include)
  file(REMOVE_RECURSE ${backtrace_dir}/objects)
  file(MAKE_DIRECTORY ${backtrace_dir}/objects)
  execute_process(COMMAND ${CMAKE_AR} x ${archive} WORKING_DIRECTORY ${backtrace_dir}/objects
    COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB MANTA_BACKTRACE_OBJECTS ${backtrace_dir}/objects/*.o)
  execute_process(WORKING_DIRECTORY ${backtrace_dir}/objects COMMAND_ERROR_IS_FATAL ANY
    COMMAND ${CMAKE_OBJCOPY} --redefine-sym backtrace_qsort=manta_backtrace_qsort dwarf.o)
  file(REMOVE ${backtrace_dir}/libbacktrace.a)
  execute_process(COMMAND ${CMAKE_AR} rcs ${backtrace_dir}/libbacktrace.a ${MANTA_BACKTRACE_OBJECTS}
    COMMAND_ERROR_IS_FATAL ANY)
  target_include_directories(manta_internal INTERFACE ${backtrace_dir}/include)
  target_link_libraries(manta_internal INTERFACE ${backtrace_dir}/libbacktrace.a)
else()
  message(STATUS "no libbacktrace: stacks of crashes will have no lines")
endif()
