// Takes out of a text what looks like a secret: an app prints into its log what it likes. Pure.
//
// hidden                                        | as in
// ----------------------------------------------|------------------------------------------
// the secrets that are given                    | the tenant's passwords
// what a URL has before its @                   | postgres://shop:***@db, https://***@host
// the value of a name with a word of kSecretWords,
//   bare, quoted, or quoted within JSON         | AWS_SECRET_ACCESS_KEY=***, \"password\": \"***\"
// PASSWORD '...'                                | ALTER ROLE shop PASSWORD '***'
// what follows Bearer, and Authorization:       | Authorization: ***
#pragma once

#include "crds/sensitive.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace djdb {

/// @param text a line; the time it takes is proportional to its length
std::string scrub(std::string text, const std::vector<Sensitive>& secrets);

/// The secrets alone: of JSON, which has to stay JSON.
std::string hide(std::string text, const std::vector<Sensitive>& secrets);

/// Whether what a setting of this name holds is hidden, such as DJANGO_SECRET_KEY.
bool is_secret_name(std::string_view name);

}  // namespace djdb
