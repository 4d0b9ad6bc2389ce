# Writes the files FOLDER/*.py as C++ string constants, djdb::job_programs(), to OUTPUT. Cut in pieces: compilers
# limit literals.
file(GLOB files ${FOLDER}/*.py)
set(entries "")
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    file(READ ${file} text)
    string(LENGTH "${text}" length)
    set(body "")
    set(at 0)
    while(at LESS length)
        string(SUBSTRING "${text}" ${at} 4000 piece)
        string(APPEND body "R\"program(${piece})program\"\n")
        math(EXPR at "${at} + 4000")
    endwhile()
    string(APPEND entries "    {\"${name}\",\n${body}},\n")
endforeach()
file(WRITE ${OUTPUT} "// Generated from jobs/*.py.
#include \"reconcilers/manifests/job_programs.hpp\"

namespace djdb {
namespace {

constexpr ProgramFile kFiles[] = {
${entries}};

}  // namespace

std::span<const ProgramFile> job_programs() {
    return kFiles;
}

}  // namespace djdb
")
