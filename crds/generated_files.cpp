#include "crds/generated_files.hpp"

#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace djdb {
namespace {

/// @return whether it is as it has to be by now
bool settle(const GeneratedFile& file, bool writes) {
    if (read_file(file.path) == file.text) {
        return true;
    }
    if (writes) {
        std::filesystem::create_directories(file.path.parent_path());
        std::ofstream(file.path, std::ios::binary) << file.text;
        std::cout << "wrote " << file.path.string() << "\n";
    }
    return writes;
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
    const std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

int run_generator(
    const std::string& program,
    const std::string& source,
    const std::vector<std::string>& arguments,
    const std::function<std::vector<GeneratedFile>(const std::filesystem::path& root)>& generate
) {
    if (arguments.size() != 2 || (arguments[0] != "--write" && arguments[0] != "--check")) {
        std::cerr << "usage: " << program << " --write|--check ROOT\n";
        return 2;
    }
    bool is_settled = true;
    try {
        for (const auto& file : generate(arguments[1])) {
            if (!settle(file, arguments[0] == "--write")) {
                std::cerr << file.path.string() << " differs from what the " << source
                          << " say; run " << program << " --write\n";
                is_settled = false;
            }
        }
    } catch (const std::runtime_error& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
    return is_settled ? 0 : 1;
}

}  // namespace djdb
