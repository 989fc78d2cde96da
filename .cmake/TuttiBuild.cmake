# How everything here is compiled, and the three verbs that every folder uses:
# tutti_library, tutti_binary and tutti_test (tutti_fuzz is for one folder).

include(GNUInstallDirs)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

set(TUTTI_SANITIZE "" CACHE STRING "Sanitizers: empty, 'address' (with undefined) or 'thread'")
set_property(CACHE TUTTI_SANITIZE PROPERTY STRINGS "" address thread)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

# Everything of ours is compiled with this; generated code only with the part
# that does not warn.
add_library(tutti_options INTERFACE)
target_include_directories(tutti_options INTERFACE ${CMAKE_SOURCE_DIR})
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR TUTTI_SANITIZE STREQUAL "")
  set(build_warnings -Wconversion -Wsign-conversion)
else()
  # gcc warns there of what its own instrumentation does.
  set(build_warnings -Wno-maybe-uninitialized)
endif()
target_compile_options(tutti_options INTERFACE
  -Wall -Wextra -Werror -Wshadow ${build_warnings} -Wnon-virtual-dtor
  -Wold-style-cast -Wimplicit-fallthrough -Wmissing-declarations)

add_library(tutti_hardening INTERFACE)
if(TUTTI_SANITIZE STREQUAL "")
  target_compile_options(tutti_hardening INTERFACE
    -fstack-protector-strong -fstack-clash-protection -fcf-protection
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE$<SEMICOLON>-D_FORTIFY_SOURCE=2>)
  target_link_options(tutti_hardening INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
elseif(TUTTI_SANITIZE STREQUAL "address")
  set(sanitizers address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Everything counts where it has been, so that fuzz targets need no other build.
    string(APPEND sanitizers ,fuzzer-no-link)
  endif()
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${sanitizers})
elseif(TUTTI_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -O1)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Abseil's flags are read under a fence, which gcc warns that it does not follow.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=thread)
else()
  message(FATAL_ERROR "TUTTI_SANITIZE is '${TUTTI_SANITIZE}': use 'address' or 'thread', or leave it empty")
endif()
target_link_libraries(tutti_options INTERFACE tutti_hardening)

# tutti_library(name SRCS a.cc ... DEPS lib ...): the target tutti::name.
function(tutti_library name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_library(tutti_${name} STATIC ${ARG_SRCS})
  add_library(tutti::${name} ALIAS tutti_${name})
  target_link_libraries(tutti_${name} PUBLIC ${ARG_DEPS} PRIVATE tutti_options)
  target_include_directories(tutti_${name} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()

# tutti_binary(name SRCS a.cc ... DEPS lib ...): an executable in bin/.
function(tutti_binary name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} tutti_options)
endfunction()

# tutti_fuzz(name SRCS a_fuzz.cc DEPS lib ...): a libFuzzer target in bin/, built by
# fuzz_targets.
function(tutti_fuzz name)
  cmake_parse_arguments(ARG "" "" "SRCS;DEPS" ${ARGN})
  tutti_binary(${name} SRCS ${ARG_SRCS} DEPS ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz_targets ${name})
endfunction()

# The targets unit_tests, integration_tests, e2e_tests and privacy_tests build all
# tests of a label.
foreach(label unit integration e2e privacy)
  add_custom_target(${label}_tests)
endforeach()

# tutti_test(name LABEL unit SRCS a_test.cc ... DEPS lib ...): one GoogleTest
# binary that ctest runs as a whole. LABEL is unit, integration, e2e or privacy.
function(tutti_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SRCS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main tutti_options)
  add_dependencies(${ARG_LABEL}_tests ${name})
  add_test(NAME ${name} COMMAND ${name})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "TUTTI_SOURCE_DIR=${CMAKE_SOURCE_DIR};TUTTI_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
endfunction()
