// N threads that take keys from a queue and work on them. Owns the threads; the queue must outlive
// it. Promise: after the destructor no work runs any more.
#pragma once

#include "controller/runtime/work_queue.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace djdb::runtime {

template <class Key, class Why>
class WorkerPool {
  public:
    /// Called on a pool thread, never twice together for one key. It must not throw: what fails is
    /// queued again by the work itself, with its backoff; an exception that escapes ends the
    /// program.
    using Work = std::function<void(const Key&, Why, std::stop_token)>;

    WorkerPool(WorkQueue<Key, Why>& queue, std::size_t threads, Work work)
        : queue_(queue), work_(std::move(work)) {
        threads_.reserve(threads);
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back([this](std::stop_token stop) { run(stop); });
        }
    }
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool() { stop(); }

    /// All threads are told first, then joined, so the wait is that of the slowest run and not of
    /// their sum.
    void stop() {
        for (auto& thread : threads_) {
            thread.request_stop();
        }
        threads_.clear();
    }

  private:
    void run(const std::stop_token& stop) {
        for (;;) {
            const auto next = queue_.take(stop);
            if (!next) {
                return;
            }
            work_(next->key, next->why, stop);
            queue_.done(next->key);
        }
    }

    WorkQueue<Key, Why>& queue_;
    Work work_;
    std::vector<std::jthread> threads_;
};

}  // namespace djdb::runtime
