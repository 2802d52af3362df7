# Compiles SOURCE, which must fail, with output that contains every text promised in a comment:
#     // Says: give it a manta_reduce()
# The first error is the explanation: its line holds one of the promised texts. In a file of several wrong lines each
# has a promise of its own, and there are no errors besides these:
#     // Error: a method needs an object
# except those that follow from one of them, each after a promised one:
#     // Follows: has no member named
# In at most 70 lines, and 20 more for each further promised error; or as many as a comment allows, where a compiler
# lists all functions of the name after the explanation:
#     // Lines: 130
# The file without the part between `#ifdef WRONG` and `#endif` must compile, so that it fails for the
# reason that is meant.
#
#   cmake -DCOMPILER=... -DFLAGS=a;b -DSOURCE=... -P expect_failure.cmake

function(compile result output)
  execute_process(COMMAND ${COMPILER} ${FLAGS} ${ARGN} -fsyntax-only ${SOURCE}
    RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  string(REPLACE ";" "," text "${text}")  # a list of lines must not be split elsewhere
  string(REGEX REPLACE "[][]" "|" text "${text}")
  set(${result} ${status} PARENT_SCOPE)
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

function(read_promises output kind)
  file(STRINGS ${SOURCE} lines REGEX "^// ${kind}: ")
  set(promises)
  foreach(line IN LISTS lines)
    string(REPLACE "// ${kind}: " "" line "${line}")
    string(REGEX REPLACE "[][]" "|" line "${line}")
    string(REPLACE ";" "," line "${line}")
    list(APPEND promises "${line}")
  endforeach()
  set(${output} "${promises}" PARENT_SCOPE)
endfunction()

function(holds_one result line promises)
  set(${result} FALSE PARENT_SCOPE)
  foreach(promise IN LISTS promises)
    string(FIND "${line}" "${promise}" at)
    if(NOT at EQUAL -1)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

compile(right text)
if(NOT right EQUAL 0)
  message(FATAL_ERROR "${SOURCE} must compile without -DWRONG:\n${text}")
endif()
compile(wrong text -DWRONG)
if(wrong EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiled, but it must not")
endif()

read_promises(says Says)
read_promises(errors Error)
if(NOT says AND NOT errors)
  message(FATAL_ERROR "${SOURCE} promises nothing: add lines `// Says: text` or `// Error: text`")
endif()
foreach(promise IN LISTS says errors)
  holds_one(said "${text}" "${promise}")
  if(NOT said)
    message(FATAL_ERROR "${SOURCE}: \"${promise}\" is not in the compiler's output:\n${text}")
  endif()
endforeach()

string(REGEX MATCHALL "\n" lines "${text}")
list(LENGTH lines count)
list(LENGTH errors promised)
math(EXPR most "70 + 20 * ${promised}")
read_promises(allowed Lines)
if(allowed)
  set(most ${allowed})
endif()
if(count GREATER most)
  message(FATAL_ERROR "${SOURCE}: ${count} lines of compiler output, more than ${most}:\n${text}")
endif()

string(REGEX MATCHALL "[^\n]*error:[^\n]*" error_lines "${text}")
list(GET error_lines 0 first)
set(promises ${says} ${errors})
holds_one(explained "${first}" "${promises}")
if(NOT explained)
  message(FATAL_ERROR "${SOURCE}: the first error is not the explanation:\n${text}")
endif()
if(errors)
  read_promises(followers Follows)
  foreach(line IN LISTS error_lines)
    set(after ${explained})
    holds_one(explained "${line}" "${errors}")
    holds_one(follows "${line}" "${followers}")
    if(NOT explained AND NOT (follows AND after))
      message(FATAL_ERROR "${SOURCE}: an error besides the explanations:\n${line}\n${text}")
    endif()
  endforeach()
endif()
