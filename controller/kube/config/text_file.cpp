#include "controller/kube/config/text_file.hpp"

#include <array>
#include <cstddef>
#include <fstream>

namespace djdb::kube {

std::optional<std::string> read_text_file(const std::filesystem::path& file) {
    std::ifstream input(file, std::ios::binary);
    if (!input) {
        return std::nullopt;
    }
    constexpr std::size_t kPiece = 4096;
    std::array<char, kPiece> piece{};
    std::string text;
    do {
        input.read(piece.data(), piece.size());
        text.append(piece.data(), static_cast<std::size_t>(input.gcount()));
    } while (input);
    return text;
}

}  // namespace djdb::kube
