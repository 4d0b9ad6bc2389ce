// What a ledger notes of an app with this image, in tests that have no template.
#pragma once

#include "reconcilers/ports/passed_template.hpp"

#include <string>

namespace djdb {

inline PassedTemplate a_pass(const std::string& image) {
    return {
        "of " + image, "", ImageRef(image), "applied", "public", ResourceUid("job of " + image)};
}

}  // namespace djdb
