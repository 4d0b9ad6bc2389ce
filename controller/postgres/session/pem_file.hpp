// Certificates and keys as paths, without a file system: libpq 15 takes them only as files.
#pragma once

#include <string>
#include <string_view>

namespace djdb::postgres {

/// Memory that has a path as long as the object lives, closed to other users; works under a
/// read-only root. Not shared between threads.
class PemFile {
  public:
    /// Throws Error Transient "PemFileFailed" when the system refuses.
    explicit PemFile(std::string_view content);
    PemFile(const PemFile&) = delete;
    PemFile& operator=(const PemFile&) = delete;
    ~PemFile();

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    int descriptor_ = -1;
    std::string path_;
};

/// Where nothing is: libpq looks into the user's home for what it is not told.
inline constexpr const char* kNoFile = "/proc/self/fd/none";

}  // namespace djdb::postgres
