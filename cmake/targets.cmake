# temper_library(base LINK fmt::fmt [GENERATED file...]): the library temper_<folder> of every .cc directly under
# src/<folder> and its subfolders, less those under EXCLUDE. Exactly the libraries after LINK may be included.
function(temper_library folder)
  cmake_parse_arguments(arg "" "" "LINK;PRIVATE_LINK;GENERATED;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  foreach(excluded IN LISTS arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "/${folder}/${excluded}")
  endforeach()
  string(REPLACE "/" "_" target temper_${folder})
  add_library(${target} STATIC ${sources} ${arg_GENERATED})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_compile_options(${target} PRIVATE ${TEMPER_WARNINGS})
  target_link_libraries(${target} PUBLIC ${arg_LINK} PRIVATE ${arg_PRIVATE_LINK})
endfunction()

# g++ 12 finds array-bounds, stringop-overflow and maybe-uninitialized where inlined loops only look as if they had them.
set(TEMPER_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wno-array-bounds -Wno-stringop-overflow
    -Wno-maybe-uninitialized)

# temper_registry(OUT variable MACRO REGISTER_OP PREFIX register_op_ HEADER h TYPE T FUNCTION f FOLDER dir): a source file, made
# anew when a file under FOLDER changes, that builds a table from their MACRO(Name) lines.
function(temper_registry)
  cmake_parse_arguments(arg "" "OUT;MACRO;PREFIX;HEADER;TYPE;FUNCTION;FOLDER" "" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER}/*.cc)
  string(REPLACE ";" "|" joined "${sources}")
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${arg_FUNCTION}.cc)
  set(command ${CMAKE_COMMAND} -DMACRO=${arg_MACRO} -DPREFIX=${arg_PREFIX} -DHEADER=${arg_HEADER} -DTYPE=${arg_TYPE}
      -DFUNCTION=${arg_FUNCTION} "-DSOURCES=${joined}" -DOUT=${out} -P ${PROJECT_SOURCE_DIR}/cmake/registry.cmake)
  execute_process(COMMAND ${command} COMMAND_ERROR_IS_FATAL ANY)
  add_custom_command(OUTPUT ${out}.stamp BYPRODUCTS ${out} COMMAND ${command} COMMAND ${CMAKE_COMMAND} -E touch ${out}.stamp
    DEPENDS ${sources} ${PROJECT_SOURCE_DIR}/cmake/registry.cmake VERBATIM COMMENT "Listing ${arg_MACRO} lines")
  set(${arg_OUT} ${out} ${out}.stamp PARENT_SCOPE)
endfunction()
