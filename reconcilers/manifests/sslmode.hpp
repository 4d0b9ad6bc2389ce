// libpq's word for a TlsMode: the operator's sessions and the apps' Secrets use the same one. Pure.
#pragma once

#include "crds/kinds/postgres_server.hpp"

namespace djdb {

/// For TCP; a socket has no TLS.
constexpr const char* sslmode(TlsMode mode) {
    switch (mode) {
        case TlsMode::VerifyFull:
            return "verify-full";
        case TlsMode::VerifyCA:
            return "verify-ca";
        case TlsMode::Require:
            return "require";
    }
    return "verify-full";
}

}  // namespace djdb
