# cmake -DSOURCE=... -DOUT=... -DGIVEN=... -P WriteCommit.cmake: writes a header that says of which
# commit the sources are, when it does not say so already. Sources without Git are of an unknown
# one, unless it is given (-DTUTTI_COMMIT=...).
set(commit "${GIVEN}")
if(commit STREQUAL "")
  execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --exclude=* --abbrev=12
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed OR commit STREQUAL "")
    set(commit unknown)
  endif()
endif()
set(text "#define TUTTI_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
