// The time as the API server has it: by its clock it is written when a Job was made, when it ended and
// when a deletion was asked for, and ours may differ from it, or be set. Any thread.
#pragma once

#include "controller/kube/transport/transport.hpp"
#include "reconcilers/ports/clock.hpp"

#include <atomic>
#include <chrono>

namespace djdb::kube {

class ServerClock final : public Clock {
  public:
    ServerClock();

    /// Our own system's time until there was an answer; it never runs by that again.
    [[nodiscard]] TimePoint now() const override;
    /// Learns from the answer's Date, which has whole seconds: a smaller difference changes nothing.
    void note(const HttpResponse&);

  private:
    /// Of the server before our steady clock.
    std::atomic<std::chrono::nanoseconds> ahead_;
};

}  // namespace djdb::kube
