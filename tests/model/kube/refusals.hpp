// What the model API server refuses.
#pragma once

#include "crds/names.hpp"
#include "tests/model/world/refusal.hpp"

#include <memory>

namespace djdb::model {

inline Refusal not_found(const ObjectKey& key) {
    return {RefusalKind::Terminal, "404 NotFound", to_string(key) + " not found"};
}

inline Refusal conflict(const ObjectKey& key) {
    return {
        RefusalKind::Conflict, "409 Conflict", to_string(key) + ": the object has been modified"};
}

inline Refusal replaced(const ObjectKey& key) {
    return {RefusalKind::Conflict, "409 Replaced", to_string(key) + " is another object by now"};
}

template <class Object>
const Object& require(const std::shared_ptr<const Object>& object, const ObjectKey& key) {
    if (!object) {
        throw not_found(key);
    }
    return *object;
}

}  // namespace djdb::model
