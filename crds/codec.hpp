// JSON <-> the API's values, by the field tables. Pure.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "crds/kinds/django_release.hpp"
#include "crds/kinds/postgres_server.hpp"

#include <nlohmann/json_fwd.hpp>

#include <stdexcept>
#include <string>

namespace djdb {

/// The path and what is wrong there. The schema refuses such objects, so this is an older or
/// altered CRD.
class DecodeError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Fields that are absent get their default; unknown ones are ignored, so a newer CRD does not stop
/// an older operator. A status that can't be decoded counts as none: it is derived anew.
/// A spec that can't be decoded is left out, and the path and what is wrong there is in
/// `undecodable`: its user has to be told.
/// @throws DecodeError for metadata that no API server writes
DjangoDatabase decode_django_database(const nlohmann::json& object);
PostgresServer decode_postgres_server(const nlohmann::json& object);
DjangoRelease decode_django_release(const nlohmann::json& object);
ObjectMeta decode_meta(const nlohmann::json& object);

nlohmann::json encode_status(const DjangoDatabaseStatus& status);
nlohmann::json encode_status(const PostgresServerStatus& status);
nlohmann::json encode_status(const DjangoReleaseStatus& status);
nlohmann::json encode_spec(const DjangoReleaseSpec& spec);

}  // namespace djdb
