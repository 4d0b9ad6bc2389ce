// SCRAM-SHA-256 verifiers made here, so that a password never travels and never reaches the
// server's log. Pure but for the random salt; any thread. Rules: RFC 5802, RFC 7677 and
// PostgreSQL's format.
#pragma once

#include "crds/sensitive.hpp"

#include <string_view>

namespace djdb::postgres {

/// Of the verifiers that are made here; as PostgreSQL has it.
inline constexpr int kScramIterations = 4096;

/// "SCRAM-SHA-256$4096:<salt>$<StoredKey>:<ServerKey>" with a fresh salt; costs about 1 ms of CPU.
/// Throws Error Invalid "InvalidPassword" unless the password is 1 to 256 printable ASCII
/// characters: others would need SASLprep.
Sensitive scram_verifier(const Sensitive& password);

/// With a given salt (16 bytes); for comparison with known answers.
Sensitive scram_verifier(const Sensitive& password, std::string_view salt, int iterations);

}  // namespace djdb::postgres
