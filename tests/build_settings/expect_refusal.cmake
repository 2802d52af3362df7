# Runs COMMAND, which must fail, say SAYS and have exactly one error that is not the linker's summary.
# With HEADERS, once for each of these files in FOLDER.
#
#   cmake -DCOMMAND=a;b -DSAYS=text [-DHEADERS=a.h;b.h -DFOLDER=path] -P expect_refusal.cmake

function(must_refuse)
  execute_process(COMMAND ${COMMAND} ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(status EQUAL 0)
    message(FATAL_ERROR "${COMMAND} ${ARGN} was not refused:\n${text}")
  endif()
  string(FIND "${text}" "${SAYS}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${COMMAND} ${ARGN} does not say \"${SAYS}\":\n${text}")
  endif()
  string(REGEX MATCHALL "[0-9]+: (fatal )?error: " errors "${text}")
  list(LENGTH errors count)
  if(count GREATER 1)
    message(FATAL_ERROR "${COMMAND} ${ARGN}: ${count} errors of the compiler:\n${text}")
  endif()
endfunction()

if(HEADERS)
  foreach(header IN LISTS HEADERS)
    must_refuse(${FOLDER}/${header})
  endforeach()
else()
  must_refuse()
endif()
