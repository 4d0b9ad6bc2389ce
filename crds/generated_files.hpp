// What the generators (crdgen, sqlgen) have in common: they write files, or say which one differs. Not for the operator.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace djdb {

struct GeneratedFile {
    std::filesystem::path path;
    std::string text;
};

/// The file's bytes; empty when there is none.
std::string read_file(const std::filesystem::path& path);

/// `PROGRAM --write ROOT` writes what differs, `PROGRAM --check ROOT` names it.
/// @param source what the files are made from, for the message
/// @param generate from the root of the repository; throws std::runtime_error with a message for people
/// @return the program's exit code: 1 when a file differs or can't be made, 2 for a wrong call
int run_generator(
    const std::string& program,
    const std::string& source,
    const std::vector<std::string>& arguments,
    const std::function<std::vector<GeneratedFile>(const std::filesystem::path& root)>& generate
);

}  // namespace djdb
