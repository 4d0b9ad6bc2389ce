// The one way to let time pass: no thread of ours sleeps through a stop.
#pragma once

#include <chrono>
#include <stop_token>

namespace djdb::runtime {

/// Returns after `span`, or immediately when stop is requested.
void wait_for(std::chrono::milliseconds span, const std::stop_token& stop);

}  // namespace djdb::runtime
