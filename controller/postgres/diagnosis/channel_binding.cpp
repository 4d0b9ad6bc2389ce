#include "controller/postgres/diagnosis/channel_binding.hpp"

#include <algorithm>
#include <array>

namespace djdb::postgres {
namespace {

struct Row {
    std::string_view words;
    BindingFailure failure;
};

constexpr std::array kRows{
    Row{"could not find digest for NID",
        {Reason::ChannelBindingImpossible,
         "the server's certificate is signed in a way that channel binding is not defined for, "
         "such "
         "as Ed25519",
         "Sign it with an RSA or ECDSA key: the apps' logins would fail in the same way."}},
    Row{"channel binding required but not supported by server's authentication request",
        {Reason::ChannelBindingImpossible,
         "the server asks for the password or its MD5 hash, and neither was sent",
         "Set password_encryption = scram-sha-256, then the administrator's password again "
         "(\\password "
         "in psql), and the method scram-sha-256 in pg_hba.conf."}},
    Row{"channel binding required, but server authenticated client without channel binding",
        {Reason::ChannelBindingImpossible,
         "the server lets the administrator in without a password, by the method cert, trust or "
         "peer "
         "of pg_hba.conf, and so does not prove that it knows it",
         "Write scram-sha-256 clientcert=verify-full in place of cert, or scram-sha-256 in place "
         "of "
         "the others."}},
    Row{"server did not offer an authentication method that supports channel binding",
        {Reason::PoolerInPath,
         "whoever answers ends TLS in the server's place: it offers SCRAM without channel binding, "
         "as poolers and proxies do",
         "Point spec.host and spec.port to the server itself; only apps may go through a pooler."}},
};

}  // namespace

std::optional<BindingFailure> binding_failure(std::string_view words) {
    const auto* const row = std::ranges::find_if(kRows, [&](const Row& one) {
        return words.find(one.words) != std::string_view::npos;
    });
    return row == kRows.end() ? std::nullopt : std::optional(row->failure);
}

}  // namespace djdb::postgres
