# Compiles SOURCE, which must fail, with output that contains every text promised in a comment:
#     // Says: give it a manta_reduce()
# in at most 40 lines.
# The file without the part between `#ifdef WRONG` and `#endif` must compile, so that it fails for the
# reason that is meant.
#
#   cmake -DCOMPILER=... -DFLAGS=a;b -DSOURCE=... -P expect_failure.cmake

function(compile result output)
  execute_process(COMMAND ${COMPILER} ${FLAGS} ${ARGN} -fsyntax-only ${SOURCE}
    RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(${result} ${status} PARENT_SCOPE)
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

compile(right text)
if(NOT right EQUAL 0)
  message(FATAL_ERROR "${SOURCE} must compile without -DWRONG:\n${text}")
endif()
compile(wrong text -DWRONG)
if(wrong EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiled, but it must not")
endif()

string(REGEX MATCHALL "\n" lines "${text}")
list(LENGTH lines count)
if(count GREATER 40)
  message(FATAL_ERROR "${SOURCE}: ${count} lines of compiler output, more than 40:\n${text}")
endif()

file(STRINGS ${SOURCE} promises REGEX "^// Says: ")
if(NOT promises)
  message(FATAL_ERROR "${SOURCE} promises nothing: add lines `// Says: text`")
endif()
foreach(promise IN LISTS promises)
  string(REPLACE "// Says: " "" promise "${promise}")
  string(FIND "${text}" "${promise}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${SOURCE}: \"${promise}\" is not in the compiler's output:\n${text}")
  endif()
endforeach()
