#include "reconcilers/ports/event.hpp"

#include "crds/api.hpp"

#include <utility>

namespace djdb {
namespace {

Event about(
    const DjangoDatabase& object, bool is_warning, std::string reason, std::string message
) {
    return {
        std::string(api::kGroupVersion),
        "DjangoDatabase",
        object.meta.key,
        object.meta.uid,
        is_warning,
        std::move(reason),
        std::move(message)};
}

}  // namespace

Event normal_event(const DjangoDatabase& object, std::string reason, std::string message) {
    return about(object, false, std::move(reason), std::move(message));
}

Event warning_event(const DjangoDatabase& object, std::string reason, std::string message) {
    return about(object, true, std::move(reason), std::move(message));
}

Event warning_event(const PostgresServer& server, std::string reason, std::string message) {
    return {
        std::string(api::kGroupVersion),
        "PostgresServer",
        server.meta.key,
        server.meta.uid,
        true,
        std::move(reason),
        std::move(message)};
}

Event warning_event(const ObjectMeta& deployment, std::string reason, std::string message) {
    return {
        "apps/v1",
        "Deployment",
        deployment.key,
        deployment.uid,
        true,
        std::move(reason),
        std::move(message)};
}

}  // namespace djdb
