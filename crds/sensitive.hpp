// A string that must not be seen: passwords, verifiers, bearer tokens, private keys.
//
// Promise: it has no operator<<, no to_json and no conversion; reveal() is the one door, so a
// search for "reveal" lists every place where a secret leaves. The memory is wiped when the value
// dies. Any thread may read one; copying is allowed because facts are values.
#pragma once

#include <string>
#include <utility>

namespace djdb {

class Sensitive {
  public:
    Sensitive() = default;
    explicit Sensitive(std::string value) : value_(std::move(value)) {}
    Sensitive(const Sensitive&) = default;
    Sensitive(Sensitive&& other) noexcept : value_(std::exchange(other.value_, {})) {}
    Sensitive& operator=(const Sensitive& other) {
        if (this != &other) {
            wipe();
            value_ = other.value_;
        }
        return *this;
    }
    Sensitive& operator=(Sensitive&& other) noexcept {
        if (this != &other) {
            wipe();
            value_ = std::exchange(other.value_, {});
        }
        return *this;
    }
    ~Sensitive() { wipe(); }

    /// The one door. Callers hand the value to libpq, OpenSSL, an HTTP header or a Secret's data,
    /// and nowhere else.
    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

    friend bool operator==(const Sensitive&, const Sensitive&) = default;

  private:
    void wipe() noexcept {
        // volatile: the compiler may not drop stores to memory that is about to be freed.
        volatile char* bytes = value_.data();
        for (std::size_t i = 0; i < value_.size(); ++i) {
            bytes[i] = '\0';
        }
    }

    std::string value_;
};

}  // namespace djdb
