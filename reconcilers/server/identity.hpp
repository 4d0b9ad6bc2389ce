// Whether the server that answers is the one that always did. Pure.
#pragma once

#include "reconcilers/ports/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace djdb {

enum class IdentityMatch {
    Same,
    AnotherServer,  ///< another data directory
    RolledBack,     ///< an older timeline or an older ledger: restored, or overtaken by a failover
};

/// @param accepted found exactly like this, it is the same whatever was expected
IdentityMatch compare_server(
    const ServerIdentity& found, const ServerIdentity& expected, const ServerIdentity& accepted
);

/// The value of the annotation djangodb.io/accept-server that lets this very server take the place
/// of the expected one: "<system identifier>:<ledger revision>".
std::string acknowledgement_of(const ServerIdentity& found);

/// What such a value allows; nothing when it is not one.
ServerIdentity read_acknowledgement(std::string_view value);

}  // namespace djdb
