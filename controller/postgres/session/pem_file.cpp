#include "controller/postgres/session/pem_file.hpp"

#include "reconcilers/ports/failure.hpp"

#include <cstddef>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace djdb::postgres {
namespace {

bool write_all(int descriptor, std::string_view text) {
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

PemFile::PemFile(std::string_view content)
    : descriptor_(::memfd_create("djangodb-pem", MFD_CLOEXEC)) {
    // libpq refuses a key that others may read.
    const bool is_kept = descriptor_ >= 0 && ::fchmod(descriptor_, S_IRUSR | S_IWUSR) == 0 &&
                         write_all(descriptor_, content);
    if (!is_kept) {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
        throw Error(
            {FailureClass::Transient,
             FailureOrigin::Operator,
             "PemFileFailed",
             "A certificate could not be kept in memory for libpq. Nothing was sent; it is tried "
             "again."}
        );
    }
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

PemFile::~PemFile() {
    ::close(descriptor_);
}

}  // namespace djdb::postgres
