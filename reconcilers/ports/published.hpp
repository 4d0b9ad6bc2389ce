// A Secret or a ConfigMap that an app is started with, by what the API server calls it.
#pragma once

#include "crds/names.hpp"

#include <compare>

namespace djdb {

enum class PublishedKind { Secret, ConfigMap };
struct Published {
    PublishedKind kind = PublishedKind::Secret;
    ObjectName name;
    friend auto operator<=>(const Published&, const Published&) = default;
};

}  // namespace djdb
