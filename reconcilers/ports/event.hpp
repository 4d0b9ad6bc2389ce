// What is told to people who watch: an Event about a resource or a Deployment.
#pragma once

#include "crds/kinds/django_database.hpp"
#include "crds/kinds/postgres_server.hpp"

#include <string>

namespace djdb {

struct Event {
    std::string api_version;
    std::string kind;
    ObjectKey key;
    ResourceUid uid;
    bool is_warning = false;
    /// One word in CamelCase; the same reason and message about the same object become a series.
    std::string reason;
    std::string message;
};

Event normal_event(const DjangoDatabase&, std::string reason, std::string message);
Event warning_event(const DjangoDatabase&, std::string reason, std::string message);
Event warning_event(const PostgresServer&, std::string reason, std::string message);
Event warning_event(const ObjectMeta& deployment, std::string reason, std::string message);

}  // namespace djdb
