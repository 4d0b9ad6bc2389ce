#include "reconcilers/ports/event.hpp"

#include "crds/api.hpp"

#include <string_view>
#include <utility>

namespace djdb {
namespace {

Event about(
    std::string_view api_version,
    std::string_view kind,
    const ObjectMeta& object,
    bool is_warning,
    std::string reason,
    std::string message
) {
    return {
        std::string(api_version),
        std::string(kind),
        object.key,
        object.uid,
        is_warning,
        std::move(reason),
        std::move(message)};
}

}  // namespace

Event normal_event(const DjangoDatabase& object, std::string reason, std::string message) {
    return about(
        api::kGroupVersion,
        "DjangoDatabase",
        object.meta,
        false,
        std::move(reason),
        std::move(message)
    );
}

Event warning_event(const DjangoDatabase& object, std::string reason, std::string message) {
    return about(
        api::kGroupVersion,
        "DjangoDatabase",
        object.meta,
        true,
        std::move(reason),
        std::move(message)
    );
}

Event warning_event(const PostgresServer& server, std::string reason, std::string message) {
    return about(
        api::kGroupVersion,
        "PostgresServer",
        server.meta,
        true,
        std::move(reason),
        std::move(message)
    );
}

Event warning_event(const ObjectMeta& deployment, std::string reason, std::string message) {
    return about("apps/v1", "Deployment", deployment, true, std::move(reason), std::move(message));
}

}  // namespace djdb
