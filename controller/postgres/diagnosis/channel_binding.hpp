// Why a login could not be bound to the certificate that the server shows (tls-server-end-point, RFC 5929), though the
// server was found to be the right one. libpq gives up by itself then, so no SQLSTATE tells it. Pure.
#pragma once

#include "crds/conditions/reasons.hpp"

#include <optional>
#include <string_view>

namespace djdb::postgres {

struct BindingFailure {
    Reason reason;
    std::string_view detail;
    std::string_view advice;
};

/// @param words libpq's own, untranslated, as libpq 15 to 18 says them
/// @return nothing when they speak of something else
std::optional<BindingFailure> binding_failure(std::string_view words);

}  // namespace djdb::postgres
