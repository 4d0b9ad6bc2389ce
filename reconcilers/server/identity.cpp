#include "reconcilers/server/identity.hpp"

#include <charconv>

namespace djdb {

IdentityMatch compare_server(
    const ServerIdentity& found, const ServerIdentity& expected, const ServerIdentity& accepted
) {
    const bool is_accepted = !accepted.system_identifier.empty() &&
                             accepted.system_identifier == found.system_identifier &&
                             accepted.ledger_revision == found.ledger_revision;
    if (is_accepted) {
        return IdentityMatch::Same;
    }
    const bool is_known = !expected.system_identifier.empty() && !found.system_identifier.empty();
    if (is_known && expected.system_identifier != found.system_identifier) {
        return IdentityMatch::AnotherServer;
    }
    const bool is_overtaken = found.timeline > 0 && found.timeline < expected.timeline;
    return is_overtaken || found.ledger_revision < expected.ledger_revision
               ? IdentityMatch::RolledBack
               : IdentityMatch::Same;
}

std::string acknowledgement_of(const ServerIdentity& found) {
    return found.system_identifier + ":" + std::to_string(found.ledger_revision);
}

ServerIdentity read_acknowledgement(std::string_view value) {
    const auto colon = value.find(':');
    if (colon == 0 || colon == std::string_view::npos) {
        return {};
    }
    ServerIdentity identity;
    const auto* const end = value.data() + value.size();
    const auto [at, error] =
        std::from_chars(value.data() + colon + 1, end, identity.ledger_revision);
    if (error != std::errc{} || at != end || identity.ledger_revision < 0) {
        return {};
    }
    identity.system_identifier = value.substr(0, colon);
    return identity;
}

}  // namespace djdb
