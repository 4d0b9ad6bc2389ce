#include "controller/postgres/ca_file.hpp"

#include "reconcilers/failure.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstddef>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace djdb::postgres {
namespace {

bool write_all(int descriptor, const std::string& text) {
    std::size_t written = 0;
    while (written < text.size()) {
        const auto count = ::write(descriptor, text.data() + written, text.size() - written);
        if (count <= 0) {
            return false;
        }
        written += static_cast<std::size_t>(count);
    }
    return true;
}

bool holds_certificate(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free
    );
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free
    );
    ERR_clear_error();
    return certificate != nullptr;
}

}  // namespace

CaFile::CaFile(const std::string& pem) {
    // libpq would quote a path that is another one each time, and a condition would never settle.
    if (!holds_certificate(pem)) {
        throw Error(
            {FailureClass::Invalid,
             FailureOrigin::Postgres,
             "TLSFailed",
             "What spec.tls.caSecretRef of the PostgresServer points to is no CA certificate in "
             "PEM "
             "form, so the server's identity can't be verified. Nothing was sent; correct the "
             "Secret."}
        );
    }
    descriptor_ = ::memfd_create("djangodb-ca", MFD_CLOEXEC);
    if (descriptor_ < 0 || !write_all(descriptor_, pem)) {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
        throw Error(
            {FailureClass::Transient,
             FailureOrigin::Operator,
             "CaFileFailed",
             "The CA certificate could not be kept in memory for libpq. Nothing was sent; it is "
             "tried again."}
        );
    }
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

CaFile::~CaFile() {
    ::close(descriptor_);
}

}  // namespace djdb::postgres
