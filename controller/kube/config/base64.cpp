#include "controller/kube/config/base64.hpp"

#include "reconcilers/ports/failure.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace djdb::kube {

std::string encode_base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const auto length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::string decode_base64(std::string_view text) {
    std::string out(3 * (text.size() / 4) + 1, '\0');
    const auto length = text.empty() ? 0
                                     : EVP_DecodeBlock(
                                           reinterpret_cast<unsigned char*>(out.data()),
                                           reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size())
                                       );
    if (length < 0 || text.size() % 4 != 0) {
        throw Error(
            {FailureClass::Invalid,
             FailureOrigin::Kubernetes,
             "Base64",
             "a Secret's value is not base64; nothing was read from it"}
        );
    }
    // OpenSSL counts the padding as bytes.
    const auto padding = std::min<std::ptrdiff_t>(2, std::ranges::count(text, '='));
    out.resize(static_cast<std::size_t>(length - padding));
    return out;
}

}  // namespace djdb::kube
