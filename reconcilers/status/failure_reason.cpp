#include "reconcilers/status/failure_reason.hpp"

namespace djdb {
namespace {

constexpr std::chrono::seconds kLongestSilence{60};

}  // namespace

Reason reason_of(const Failure& failure) {
    if (failure.reason) {
        return *failure.reason;
    }
    if (failure.origin != FailureOrigin::Kubernetes) {
        return Reason::ServerError;
    }
    if (is_refused_write(failure)) {
        return Reason::WriteRefused;
    }
    return failure.kind == FailureClass::Forbidden ? Reason::RightsMissing : Reason::ApiError;
}

bool needs_a_person(const Failure& failure) {
    switch (failure.kind) {
        case FailureClass::Transient:
            return false;
        case FailureClass::Conflict:
            return failure.reason == Reason::SecretConflict;
        case FailureClass::Forbidden:
        case FailureClass::Invalid:
        case FailureClass::Terminal:
            break;
    }
    return true;
}

bool is_refused_write(const Failure& failure) {
    return failure.origin == FailureOrigin::Kubernetes && failure.kind == FailureClass::Invalid;
}

bool is_overtaken(const Failure& failure) {
    return failure.origin == FailureOrigin::Kubernetes && failure.code.starts_with("409");
}

bool makes_unknown(const Failure& failure, std::chrono::seconds since) {
    return failure.kind != FailureClass::Transient || since >= kLongestSilence;
}

}  // namespace djdb
