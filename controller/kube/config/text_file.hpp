// Whole files, such as tokens, certificates and keys that are mounted into the Pod. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace djdb::kube {

/// The file's bytes as they are; none when it can't be opened.
std::optional<std::string> read_text_file(const std::filesystem::path& file);

}  // namespace djdb::kube
