// The text form of a Secret's values (RFC 4648, OpenSSL inside).
#pragma once

#include <string>
#include <string_view>

namespace djdb::kube {

std::string encode_base64(std::string_view bytes);
/// @throws Error Invalid for anything but padded base64
std::string decode_base64(std::string_view text);

}  // namespace djdb::kube
