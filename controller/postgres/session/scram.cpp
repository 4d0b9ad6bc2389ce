#include "controller/postgres/session/scram.hpp"

#include "reconcilers/ports/failure.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <string>

namespace djdb::postgres {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSaltSize = 16;

using Key = std::array<unsigned char, kKeySize>;

[[noreturn]] void fail(FailureClass kind, std::string code, std::string message) {
    throw Error({kind, FailureOrigin::Operator, std::move(code), std::move(message)});
}

void require(bool succeeded) {
    if (!succeeded) {
        fail(FailureClass::Terminal, "CryptoFailed", "OpenSSL could not derive a SCRAM verifier.");
    }
}

Key keyed_hash(const Key& key, std::string_view text) {
    Key result{};
    unsigned int size = 0;
    require(
        HMAC(
            EVP_sha256(),
            key.data(),
            static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(text.data()),
            text.size(),
            result.data(),
            &size
        ) != nullptr
    );
    return result;
}

std::string base64(const unsigned char* data, std::size_t size) {
    std::string text(4 * ((size + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size)
    );
    text.resize(static_cast<std::size_t>(length));
    return text;
}

bool is_plain(const std::string& password) {
    return !password.empty() && password.size() <= 256 &&
           std::ranges::all_of(password, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

}  // namespace

Sensitive scram_verifier(const Sensitive& password, std::string_view salt, int iterations) {
    const auto& text = password.reveal();
    if (!is_plain(text)) {
        fail(
            FailureClass::Invalid,
            "InvalidPassword",
            "A password must be 1 to 256 printable ASCII characters. No SQL was sent."
        );
    }
    const auto* salt_bytes = reinterpret_cast<const unsigned char*>(salt.data());
    Key salted{};
    require(
        PKCS5_PBKDF2_HMAC(
            text.data(),
            static_cast<int>(text.size()),
            salt_bytes,
            static_cast<int>(salt.size()),
            iterations,
            EVP_sha256(),
            static_cast<int>(salted.size()),
            salted.data()
        ) == 1
    );
    auto client_key = keyed_hash(salted, "Client Key");
    const auto server_key = keyed_hash(salted, "Server Key");
    Key stored_key{};
    require(
        EVP_Digest(
            client_key.data(), client_key.size(), stored_key.data(), nullptr, EVP_sha256(), nullptr
        ) == 1
    );
    OPENSSL_cleanse(salted.data(), salted.size());
    OPENSSL_cleanse(client_key.data(), client_key.size());
    return Sensitive(
        "SCRAM-SHA-256$" + std::to_string(iterations) + ":" + base64(salt_bytes, salt.size()) +
        "$" + base64(stored_key.data(), stored_key.size()) + ":" +
        base64(server_key.data(), server_key.size())
    );
}

Sensitive scram_verifier(const Sensitive& password) {
    std::array<char, kSaltSize> salt{};
    require(RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), kSaltSize) == 1);
    return scram_verifier(password, std::string_view(salt.data(), salt.size()), kScramIterations);
}

}  // namespace djdb::postgres
