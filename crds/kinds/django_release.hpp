// DjangoRelease: the record of one image's release on one database. The operator makes it; people
// read it. The type and its CRD stand here so that the API is whole; nothing creates one yet.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "crds/kinds/django_database.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace djdb {

struct DatabaseRef {
    std::string name;
    friend bool operator==(const DatabaseRef&, const DatabaseRef&) = default;
};

struct DjangoReleaseSpec {
    DatabaseRef database_ref;
    std::string image;
    std::string revision;
    friend bool operator==(const DjangoReleaseSpec&, const DjangoReleaseSpec&) = default;
};

struct DjangoReleaseStatus {
    std::int64_t observed_generation = -1;
    /// Migrations that this release applied, as app.name.
    std::vector<std::string> applied;
    std::vector<Condition> conditions;
    friend bool operator==(const DjangoReleaseStatus&, const DjangoReleaseStatus&) = default;
};

struct DjangoRelease {
    ObjectMeta meta;
    DjangoReleaseSpec spec;
    DjangoReleaseStatus status;
    friend bool operator==(const DjangoRelease&, const DjangoRelease&) = default;
};

}  // namespace djdb
