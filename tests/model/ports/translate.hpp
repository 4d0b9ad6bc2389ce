// From the model's refusals to what the ports throw.
#pragma once

#include "crds/conditions/conditions.hpp"
#include "reconcilers/ports/failure.hpp"
#include "tests/model/world/refusal.hpp"

namespace djdb::model {

inline FailureClass class_of(RefusalKind kind) {
    switch (kind) {
        case RefusalKind::Transient:
            return FailureClass::Transient;
        case RefusalKind::Conflict:
            return FailureClass::Conflict;
        case RefusalKind::Forbidden:
            return FailureClass::Forbidden;
        case RefusalKind::Invalid:
            return FailureClass::Invalid;
        case RefusalKind::Terminal:
            break;
    }
    return FailureClass::Terminal;
}

/// Runs a call of the model.
template <class Call>
auto translated(FailureOrigin origin, Call&& call) {
    try {
        return call();
    } catch (const Refusal& refusal) {
        throw Error(Failure{
            class_of(refusal.kind()),
            origin,
            refusal.code(),
            refusal.what(),
            parse_reason(refusal.code())});
    }
}

}  // namespace djdb::model
