#include "controller/runtime/stoppable_wait.hpp"

#include <condition_variable>
#include <mutex>

namespace djdb::runtime {

void wait_for(std::chrono::milliseconds span, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, span, [] { return false; });
}

}  // namespace djdb::runtime
