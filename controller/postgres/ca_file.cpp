#include "controller/postgres/ca_file.hpp"

#include "reconcilers/failure.hpp"

#include <cstddef>
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

}  // namespace

CaFile::CaFile(const std::string& pem) {
    if (pem.empty()) {
        throw Error(
            {FailureClass::Invalid,
             FailureOrigin::Postgres,
             "TLSFailed",
             "No CA certificate is given for the PostgreSQL server, so its identity can't be "
             "verified. Nothing was sent; put the CA in PEM form where caSecretRef points."}
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
