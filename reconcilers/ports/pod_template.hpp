// A Pod template as decisions need it: its text and its images, read once when it is listed.
#pragma once

#include "crds/names.hpp"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace djdb {

class PodTemplate {
  public:
    PodTemplate() = default;
    explicit PodTemplate(const nlohmann::json&);

    /// Compact JSON with sorted keys: hashed, cloned, compared.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// Of the container of that name, or of the first when it is empty. None: there is none.
    [[nodiscard]] std::optional<ImageRef> image_of(const std::string& container) const;

  private:
    std::string text_;
    std::vector<std::pair<std::string, ImageRef>> images_;
};

}  // namespace djdb
