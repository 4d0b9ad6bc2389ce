// How the model world says no. The adapters turn it into what the ports throw, so that the world
// knows nothing of the ports.
#pragma once

#include <stdexcept>
#include <string>

namespace djdb::model {

enum class RefusalKind { Transient, Conflict, Forbidden, Invalid, Terminal };

class Refusal : public std::runtime_error {
  public:
    Refusal(RefusalKind kind, std::string code, const std::string& message)
        : std::runtime_error(message), kind_(kind), code_(std::move(code)) {}
    [[nodiscard]] RefusalKind kind() const { return kind_; }
    [[nodiscard]] const std::string& code() const { return code_; }

  private:
    RefusalKind kind_;
    std::string code_;
};

}  // namespace djdb::model
