# One way to declare a library and one to declare a test, so that warnings, include path and labels can't differ.

set(DJDB_WARNINGS
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
    -Woverloaded-virtual -Wswitch-enum
    # Members left out of a designated initializer have defaults; naming them all would hide the ones that matter.
    -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    list(APPEND DJDB_WARNINGS -Wnull-dereference -Wduplicated-cond -Wlogical-op)
endif()

function(djdb_configure target)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_compile_options(${target} PRIVATE ${DJDB_WARNINGS})
    target_compile_definitions(${target} PUBLIC JSON_USE_IMPLICIT_CONVERSIONS=0 _TURN_OFF_PLATFORM_STRING)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

# djdb_library(NAME SOURCES file... LINKS target...)
function(djdb_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC ${arg_LINKS})
    djdb_configure(${name})
endfunction()

# djdb_asio(SOURCE...): these sources compile Asio's scheduler, which is in its headers and reads what a search of this
# thread's stack found, there in any case. GCC sees that a search may find nothing, when it optimizes.
function(djdb_asio)
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS -Wno-null-dereference)
endfunction()

# djdb_test(NAME SOURCES file... LINKS target... LABEL unit|postgres|apiserver|e2e)
function(djdb_test name)
    cmake_parse_arguments(arg "" "LABEL" "SOURCES;LINKS" ${ARGN})
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LINKS} GTest::gmock GTest::gtest_main)
    djdb_configure(${name})
    if(arg_LABEL STREQUAL "unit")
        add_test(NAME ${name} COMMAND ${name})
        set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 600)
    endif()
endfunction()
