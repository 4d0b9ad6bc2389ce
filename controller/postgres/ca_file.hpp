// A CA bundle as a path, without a file system: libpq 15 takes sslrootcert only as a file. One per
// connection attempt; not shared between threads.
#pragma once

#include <string>

namespace djdb::postgres {

/// Memory that has a path as long as the object lives; works under a read-only root.
class CaFile {
  public:
    /// Throws Error Invalid "TLSFailed" when pem is empty, Transient "CaFileFailed" when the system
    /// refuses.
    explicit CaFile(const std::string& pem);
    CaFile(const CaFile&) = delete;
    CaFile& operator=(const CaFile&) = delete;
    ~CaFile();

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    int descriptor_ = -1;
    std::string path_;
};

}  // namespace djdb::postgres
